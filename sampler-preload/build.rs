//! Link options of the library, and a clear word where it cannot be built.
use std::env;

fn main() {
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    let found = (target("ARCH"), target("OS"), target("ENV"));
    if found != ("x86_64".into(), "linux".into(), "gnu".into()) {
        let (arch, os, libc) = found;
        println!(
            "cargo::error=sampler-preload supports x86_64 Linux with glibc; the target is {arch} {os} {libc}"
        );
        return;
    }
    // Our constructor runs before all others, our exit handler therefore after all others, and our fork handler first in a child.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,initfirst");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,now");
    println!("cargo::rerun-if-changed=build.rs");
}
