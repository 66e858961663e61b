//! Builds the fixtures once per test run and runs scripts in a copy of the host.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

/// What one script did.
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub status: Option<i32>,
}

/// The pair of executable and library, copied to a directory of its own: it must not depend on where it was built.
pub fn host() -> &'static Path {
    static HOST: OnceLock<PathBuf> = OnceLock::new();
    HOST.get_or_init(|| {
        let executable = Path::new(env!("CARGO_BIN_EXE_rustpython-host"));
        let built = executable.parent().expect("it lies in a directory");
        let library = format!(
            "{}backend_matrix_host{}",
            env::consts::DLL_PREFIX,
            env::consts::DLL_SUFFIX
        );
        // As a dependency of the tests the library is in deps/; `cargo build` links it to the directory above too.
        let library_built = [built.join("deps").join(&library), built.join(&library)]
            .into_iter()
            .find(|path| path.exists())
            .expect("cargo built the runtime library");
        let copy = fresh_dir("host");
        fs::copy(library_built, copy.join(&library)).expect("copy the library");
        fs::copy(executable, copy.join("rustpython-host")).expect("copy the executable");
        copy.join("rustpython-host")
    })
}

/// A command of the host with `modules` on its path.
pub fn command(modules: &Path) -> Command {
    let mut command = Command::new(host());
    command
        .env("PYTHONPATH", modules)
        .env_remove("RUST_BACKTRACE");
    command
}

/// Run `script` with `modules` on its path.
pub fn run(modules: &Path, script: &str) -> Ran {
    ran(command(modules)
        .args(["-c", script])
        .output()
        .expect("start the host"))
}

/// A command with nothing of this process's environment that an interpreter reads.
pub fn bare(dir: &Path) -> Command {
    let mut command = command(dir);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHON") {
            command.env_remove(name);
        }
    }
    command.env_remove("PYTHONPATH").current_dir(dir);
    command
}

/// Run with these arguments and no input.
pub fn with_arguments(dir: &Path, arguments: &[&str]) -> Ran {
    ran(bare(dir)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("start"))
}

/// Run with these arguments and this text on stdin.
pub fn with_input(dir: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = bare(dir)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("write");
    drop(stdin);
    ran(child.wait_with_output().expect("wait"))
}

pub fn ran(output: Output) -> Ran {
    Ran {
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        status: output.status.code(),
    }
}

pub fn fresh_dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("make a directory for the tests");
    dir
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
}

/// Compile `source` to `library` with the C compiler of the system.
pub fn compile_c(source: &str, library: &Path) {
    let status = Command::new(env::var("CC").unwrap_or_else(|_| "cc".to_owned()))
        .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(library)
        .arg(fixtures().join(source))
        .status()
        .expect("a C compiler");
    assert!(status.success(), "{source} does not compile");
}

/// Build the PyO3 extension `functions` as users do, with the default linker flags, and return its library.
pub fn build_pyo3(features: &str) -> PathBuf {
    build_extension("functions", features)
}

/// Build the PyO3 extension `name` of the fixtures and return its library.
pub fn build_extension(name: &str, features: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("pyo3")
        .join(features.replace(',', "-"));
    let manifest = fixtures().join(name).join("Cargo.toml");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--locked",
            "--features",
            features,
            "--manifest-path",
        ])
        .arg(manifest)
        .env("CARGO_TARGET_DIR", &target)
        .env("PYO3_NO_PYTHON", "1")
        .env(
            "PYO3_CONFIG_FILE",
            fixtures()
                .canonicalize()
                .expect("fixtures")
                .join("rustpython-abi3t.config"),
        )
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cargo");
    assert!(status.success(), "the PyO3 fixture does not build");
    target.join("release").join(format!(
        "{}{name}{}",
        env::consts::DLL_PREFIX,
        env::consts::DLL_SUFFIX
    ))
}
