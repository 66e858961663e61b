//! Compiles the few lines of C that Rust cannot say: functions with a variable number of arguments.

fn main() {
    println!("cargo::rerun-if-changed=c/variadic.c");
    cc::Build::new()
        .file("c/variadic.c")
        .warnings(true)
        .compile("backend_matrix_variadic");
}
