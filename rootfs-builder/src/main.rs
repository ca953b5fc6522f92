//! `rootfs-builder DIR`: writes an image of this machine's programs into a directory.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let [dir] = args.as_slice() else {
        eprintln!(
            "usage: rootfs-builder DIR\nWrites a small root file system in two layers into DIR, which must not exist."
        );
        return ExitCode::from(2);
    };
    let dir = std::path::Path::new(dir);
    if dir.exists() {
        eprintln!("rootfs-builder: {} exists already; name a directory that does not", dir.display());
        return ExitCode::from(2);
    }
    let options = rootfs_builder::Options {
        path: std::env::var_os("PATH").unwrap_or_default(),
        helper: None,
        os_name: "nslab image".into(),
        commands: rootfs_builder::default_commands(),
    };
    match rootfs_builder::build(dir, &options) {
        Ok(image) => {
            for layer in &image.manifest.layers {
                let bytes: u64 = layer.entries.iter().map(|entry| entry.stamp.size).sum();
                println!("{}: {} entries, {bytes} bytes", layer.name, layer.entries.len());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("rootfs-builder: {error}; make room or choose another directory");
            ExitCode::FAILURE
        }
    }
}
