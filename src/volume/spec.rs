//! What `-v` says: `[SOURCE:]DESTINATION[:OPTIONS]`.

use super::{Fault, is_name};
use std::path::{Component, Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing before the destination: a new volume without a name of its own.
    Anonymous,
    Named(String),
    /// A path: no volume at all, but a directory or file of the host.
    Bind(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    pub source: Source,
    pub destination: String,
    /// The options as they were given.
    pub mode: String,
    pub read_only: bool,
    /// Whether a new volume is filled from the image.
    pub copy: bool,
}

impl Spec {
    /// Reads it as Docker does: what begins with `/` or `.` is a path, anything else a name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || Fault::BadSpec(text.into());
        let parts: Vec<&str> = text.split(':').collect();
        let (source, destination, mode) = match parts.as_slice() {
            [destination] => ("", *destination, ""),
            [source, destination] => (*source, *destination, ""),
            [source, destination, mode] => (*source, *destination, *mode),
            _ => return Err(bad()),
        };
        if parts.len() > 1 && source.is_empty() {
            return Err(bad());
        }
        let source = match source {
            "" => Source::Anonymous,
            path if path.starts_with(['/', '.']) => Source::Bind(std::path::absolute(path).map_err(|_| bad())?),
            name if is_name(name) => Source::Named(name.into()),
            name => return Err(Fault::BadName(name.into())),
        };
        let normal = |path: &str| {
            Path::new(path)
                .components()
                .filter(|part| *part != Component::RootDir)
                .all(|part| matches!(part, Component::Normal(_)))
        };
        if !destination.starts_with('/') || destination.trim_matches('/').is_empty() || !normal(destination) {
            return Err(bad());
        }
        let mut spec =
            Self { source, destination: destination.into(), mode: mode.into(), read_only: false, copy: true };
        for option in mode.split(',').filter(|option| !option.is_empty()) {
            match option {
                "ro" => spec.read_only = true,
                "rw" => {}
                "nocopy" => spec.copy = false,
                _ => return Err(bad()),
            }
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_before_the_colon_decides() {
        let source = |text| Spec::parse(text).unwrap().source;
        assert_eq!(source("/test"), Source::Anonymous);
        assert_eq!(source("data:/test"), Source::Named("data".into()));
        assert_eq!(source("/srv/site:/test"), Source::Bind("/srv/site".into()));
        assert!(matches!(source("./x:/data"), Source::Bind(path) if path.is_absolute() && path.ends_with("x")));
    }

    #[test]
    fn options() {
        let spec = Spec::parse("data:/test:ro,nocopy").unwrap();
        assert!(spec.read_only && !spec.copy && spec.mode == "ro,nocopy");
        let spec = Spec::parse("data:/test").unwrap();
        assert!(!spec.read_only && spec.copy);
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        assert!(matches!(Spec::parse("a/b:/data"), Err(Fault::BadName(name)) if name == "a/b"));
        for bad in ["", "n:", ":/test", "nn:data", "nn:/", "nn:/../etc", "nn:/a:rx", "a:b:c:d", "x:/y"] {
            assert!(Spec::parse(bad).is_err(), "{bad}");
        }
    }
}
