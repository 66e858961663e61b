//! Ways to use up what a machine has.

use std::io::Write;

use crate::misbehaving;

const CHUNK: usize = 16 << 20;

misbehaving! {
    fn eat_memory(value) {
        let mut eaten = Vec::new();
        loop {
            eaten.push(vec![1_u8; CHUNK]);
            std::hint::black_box(&eaten);
        }
    }
    fn leak(value) { std::mem::forget(std::hint::black_box(vec![1_u8; 4096])) }
    fn fill_the_disk(value) {
        if let Ok(mut file) = std::fs::File::create("filler") {
            while file.write_all(&vec![1; CHUNK]).is_ok() {}
        }
    }
    fn write_a_megabyte(value) {
        let _ = std::io::stdout().write_all(&vec![b'o'; 1 << 20]);
        let _ = std::io::stdout().flush();
        let _ = std::io::stderr().write_all(&vec![b'e'; 1 << 20]);
    }
}
