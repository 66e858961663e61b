//! The same source twice: the variable PLANTED says that it is the build with the differences.

fn main() {
    println!("cargo::rerun-if-env-changed=PLANTED");
    println!("cargo::rustc-check-cfg=cfg(planted)");
    if std::env::var_os("PLANTED").is_some() {
        println!("cargo::rustc-cfg=planted");
    }
}
