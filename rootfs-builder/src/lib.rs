//! Writes a small root file system from the programs of this machine.
