//! Linux's own numbers, where this is another system: recordings name flags by words, and these give them a value to have.
//! They are those of x86-64; a test on Linux compares.

pub const MS_RDONLY: u64 = 1;
pub const MS_NOSUID: u64 = 2;
pub const MS_NODEV: u64 = 4;
pub const MS_NOEXEC: u64 = 8;
pub const MS_REMOUNT: u64 = 32;
pub const MS_NOATIME: u64 = 1 << 10;
pub const MS_BIND: u64 = 1 << 12;
pub const MS_MOVE: u64 = 1 << 13;
pub const MS_REC: u64 = 1 << 14;
pub const MS_UNBINDABLE: u64 = 1 << 17;
pub const MS_PRIVATE: u64 = 1 << 18;
pub const MS_SLAVE: u64 = 1 << 19;
pub const MS_SHARED: u64 = 1 << 20;
pub const MS_RELATIME: u64 = 1 << 21;
pub const MS_STRICTATIME: u64 = 1 << 24;
pub const CLONE_FS: i32 = 0x200;
pub const CLONE_NEWNS: i32 = 0x2_0000;
pub const CLONE_NEWUTS: i32 = 0x400_0000;
pub const CLONE_NEWIPC: i32 = 0x800_0000;
pub const CLONE_NEWUSER: i32 = 0x1000_0000;
pub const CLONE_NEWPID: i32 = 0x2000_0000;
pub const CLONE_NEWNET: i32 = 0x4000_0000;
pub const O_WRONLY: i32 = 0o1;
pub const O_RDWR: i32 = 0o2;
pub const O_CREAT: i32 = 0o100;
pub const O_TRUNC: i32 = 0o1000;
pub const O_APPEND: i32 = 0o2000;
pub const O_DIRECTORY: i32 = 0o20_0000;
pub const O_CLOEXEC: i32 = 0o200_0000;
pub const O_PATH: i32 = 0o1000_0000;
pub const AT_RECURSIVE: i32 = 0x8000;

#[cfg(test)]
mod tests {
    macro_rules! same {
        ($($name:ident)*) => {
            $(assert_eq!(super::$name as u64, libc::$name as u64, stringify!($name));)*
        };
    }

    #[test]
    fn the_numbers_are_those_of_linux() {
        same!(MS_RDONLY MS_NOSUID MS_NODEV MS_NOEXEC MS_REMOUNT MS_NOATIME MS_BIND MS_MOVE MS_REC MS_UNBINDABLE MS_PRIVATE MS_SLAVE MS_SHARED MS_RELATIME MS_STRICTATIME CLONE_FS CLONE_NEWNS CLONE_NEWUTS CLONE_NEWIPC CLONE_NEWUSER CLONE_NEWPID CLONE_NEWNET O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND O_DIRECTORY O_CLOEXEC O_PATH AT_RECURSIVE);
    }
}
