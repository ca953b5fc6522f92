//! `nslab volume`: the practice host's volumes, printed as Docker prints them.

use super::{HELD_NOT, Usage};
use crate::volume::{Fault, Store, Volume};
use crate::words::Lang;
use anyhow::anyhow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArg,
    #[command(subcommand)]
    command: Command,
}

/// Whose volumes and containers.
#[derive(Debug, clap::Args)]
pub struct StoreArg {
    /// The directory that holds volumes/ and containers/; on the practice host /lab.
    #[arg(long, global = true)]
    store: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The volumes, one a line.
    #[command(alias = "list")]
    Ls {
        /// Names only.
        #[arg(short, long)]
        quiet: bool,
        /// dangling=true|false, name=PART, label=KEY[=VALUE], driver=NAME; all that are given must fit.
        #[arg(short, long)]
        filter: Vec<String>,
    },
    /// What is known of volumes, as JSON.
    Inspect {
        #[arg(required = true)]
        names: Vec<String>,
        /// A template: '{{.Mountpoint}}' or '{{json .Labels}}'.
        #[arg(short, long)]
        format: Option<String>,
    },
    /// Make a volume; without a name an anonymous one.
    Create {
        name: Option<String>,
        /// KEY=VALUE
        #[arg(long)]
        label: Vec<String>,
    },
    /// Remove volumes that no container refers to, with their data.
    #[command(alias = "remove")]
    Rm {
        #[arg(required = true)]
        names: Vec<String>,
        /// A volume that is not there is no failure.
        #[arg(short, long)]
        force: bool,
    },
    /// Remove all anonymous volumes that no container refers to.
    Prune {
        /// Named volumes too.
        #[arg(short, long)]
        all: bool,
        /// Do not ask.
        #[arg(short, long)]
        force: bool,
    },
}

impl StoreArg {
    /// The store that was named, or the practice host's.
    pub fn open(&self, lang: Lang) -> anyhow::Result<Store> {
        if let Some(root) = &self.store {
            return Ok(Store::at(root));
        }
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let is = |id: &str| release.lines().any(|line| line == format!("ID={id}"));
        if is("nslab-host") {
            return Ok(Store::at("/lab"));
        }
        let key = if is("nslab") { "volume.container" } else { "volume.machine" };
        Err(Usage(lang.say(key, &[])).into())
    }
}

pub fn volume(args: &Args, lang: Lang) -> anyhow::Result<u8> {
    let store = args.store.open(lang)?;
    let mut out = std::io::stdout().lock();
    match &args.command {
        Command::Ls { quiet, filter } => ls(&store, *quiet, filter, lang, &mut out),
        Command::Inspect { names, format } => {
            inspect(names, format.as_deref(), |name| store.volume(name), lang, &mut out)
        }
        Command::Create { name, label } => {
            let labels = label.iter().map(|label| label.split_once('=').unwrap_or((label, "")));
            let labels = labels.map(|(key, value)| (key.to_string(), value.to_string())).collect();
            let volume = store.create(name.as_deref(), labels).map_err(|fault| worded(fault, lang))?;
            writeln!(out, "{}", volume.name)?;
            Ok(0)
        }
        Command::Rm { names, force } => each(names, lang, &mut out, |name| match store.remove(name) {
            Err(Fault::NoVolume(_)) if *force => Ok(()),
            done => done,
        }),
        Command::Prune { all, force } => prune(&store, *all, *force, lang, &mut out),
    }
}

fn ls(store: &Store, quiet: bool, filters: &[String], lang: Lang, out: &mut dyn Write) -> anyhow::Result<u8> {
    let filters = filters.iter().map(|text| Filter::parse(text, lang)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for volume in store.volumes().map_err(|fault| worded(fault, lang))? {
        let used = !store.users(&volume.name).map_err(|fault| worded(fault, lang))?.is_empty();
        if filters.iter().all(|filter| filter.fits(&volume, used)) {
            rows.push([volume.driver.to_string(), volume.name]);
        }
    }
    if quiet {
        rows.iter().try_for_each(|[_, name]| writeln!(out, "{name}"))?;
    } else {
        columns(["DRIVER", "VOLUME NAME"], &rows, out)?;
    }
    Ok(0)
}

enum Filter {
    Dangling(bool),
    Name(String),
    Label(String, Option<String>),
    Driver(String),
}

impl Filter {
    fn parse(text: &str, lang: Lang) -> anyhow::Result<Self> {
        let bad = || Usage(lang.say("volume.filter", &[text]));
        let (key, value) = text.split_once('=').ok_or_else(bad)?;
        Ok(match (key, value) {
            ("dangling", "true" | "1") => Self::Dangling(true),
            ("dangling", "false" | "0") => Self::Dangling(false),
            ("name", part) => Self::Name(part.into()),
            ("driver", driver) => Self::Driver(driver.into()),
            ("label", label) => match label.split_once('=') {
                Some((key, value)) => Self::Label(key.into(), Some(value.into())),
                None => Self::Label(label.into(), None),
            },
            _ => return Err(bad().into()),
        })
    }

    fn fits(&self, volume: &Volume, used: bool) -> bool {
        match self {
            Self::Dangling(wanted) => *wanted != used,
            Self::Name(part) => volume.name.contains(part.as_str()),
            Self::Driver(driver) => volume.driver == driver,
            Self::Label(key, value) => {
                let found = volume.labels.as_ref().and_then(|labels| labels.get(key));
                found.is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
            }
        }
    }
}

/// A table as Docker prints it: columns at least ten wide, three spaces between them.
pub fn columns<const N: usize>(heads: [&str; N], rows: &[[String; N]], out: &mut dyn Write) -> std::io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].len()]).max().unwrap_or(0).max(7) + 3
    };
    let heads = heads.map(str::to_string);
    for row in std::iter::once(&heads).chain(rows) {
        let (last, others) = row.split_last().expect("a table has columns");
        for (column, cell) in others.iter().enumerate() {
            write!(out, "{cell:<0$}", width(column))?;
        }
        writeln!(out, "{last}")?;
    }
    Ok(())
}

/// What is there as one JSON list (or a line of the template each), then what is not.
pub fn inspect<T: serde::Serialize>(
    names: &[String],
    template: Option<&str>,
    find: impl Fn(&str) -> Result<T, Fault>,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match find(name) {
            Ok(item) => found.push(item),
            Err(fault) => missing.push(fault),
        }
    }
    match template {
        Some(template) => {
            for item in &found {
                writeln!(out, "{}", render(template, item, lang)?)?;
            }
        }
        None => {
            let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
            serde::Serialize::serialize(&found, &mut serde_json::Serializer::with_formatter(&mut *out, indent))?;
            writeln!(out)?;
        }
    }
    Ok(complain(missing, lang))
}

/// `{{.Key}}` and `{{json .Key}}`, as much of Go's templates as a lesson needs.
fn render(template: &str, item: &impl serde::Serialize, lang: Lang) -> anyhow::Result<String> {
    // Raw, so that what is inside a value keeps its order.
    let whole = serde_json::to_string(item)?;
    let fields: BTreeMap<String, &serde_json::value::RawValue> = serde_json::from_str(&whole)?;
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once("{{") {
        let bad = || Usage(lang.say("volume.template", &[template]));
        let (inside, after) = tail.split_once("}}").ok_or_else(bad)?;
        let (json, key) = match inside.trim().strip_prefix("json ") {
            Some(key) => (true, key.trim()),
            None => (false, inside.trim()),
        };
        let value = key.strip_prefix('.').and_then(|key| fields.get(key)).ok_or_else(bad)?.get();
        text.push_str(before);
        match serde_json::from_str::<String>(value) {
            Ok(plain) if !json => text.push_str(&plain),
            _ => text.push_str(value),
        }
        rest = after;
    }
    Ok(text + rest)
}

fn prune(store: &Store, all: bool, force: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<u8> {
    if !force {
        write!(out, "{} ", lang.say(if all { "volume.prune-all" } else { "volume.prune" }, &[]))?;
        out.flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            eprintln!("nslab: {}", lang.say("volume.kept", &[]));
            return Ok(HELD_NOT);
        }
    }
    let pruned = store.prune(all).map_err(|fault| worded(fault, lang))?;
    if !pruned.names.is_empty() {
        writeln!(out, "Deleted Volumes:\n{}\n", pruned.names.join("\n"))?;
    }
    writeln!(out, "Total reclaimed space: {}", human(pruned.bytes))?;
    Ok(0)
}

/// A size as Docker writes it: four digits at most, in powers of 1000.
fn human(bytes: u64) -> String {
    let (mut size, mut unit) = (bytes as f64, 0);
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let decimals = if size >= 1000.0 { 0 } else { 3 - size.max(1.0).log10() as usize };
    let digits = format!("{size:.decimals$}");
    let digits = if decimals > 0 { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{digits}{}", UNITS[unit])
}

/// Does something to each name and prints it; what fails is told at the end.
pub fn each(
    names: &[String],
    lang: Lang,
    out: &mut dyn Write,
    act: impl Fn(&str) -> Result<(), Fault>,
) -> anyhow::Result<u8> {
    let mut faults = Vec::new();
    for name in names {
        match act(name) {
            Ok(()) => writeln!(out, "{name}")?,
            Err(fault) => faults.push(fault),
        }
    }
    Ok(complain(faults, lang))
}

fn complain(faults: Vec<Fault>, lang: Lang) -> u8 {
    let status = if faults.is_empty() { 0 } else { HELD_NOT };
    faults.iter().for_each(|fault| eprintln!("nslab: {}", say(fault, lang)));
    status
}

/// A fault as an error of the command line.
pub fn worded(fault: Fault, lang: Lang) -> anyhow::Error {
    let words = say(&fault, lang);
    match fault {
        Fault::BadName(_) | Fault::BadSpec(_) => Usage(words).into(),
        // A directory that the caller named, and that is not there.
        Fault::Io { tried: "image", error, .. } if error.kind() == std::io::ErrorKind::NotFound => Usage(words).into(),
        _ => anyhow!(words),
    }
}

fn say(fault: &Fault, lang: Lang) -> String {
    match fault {
        Fault::NoVolume(name) => lang.say("volume.none", &[name]),
        Fault::InUse { name, by } => lang.say("volume.in-use", &[name, &by.join(", "), &by.join(" ")]),
        Fault::NoContainer(name) => lang.say("volume.no-container", &[name]),
        Fault::NameTaken(name) => lang.say("volume.name-taken", &[name]),
        Fault::BadName(name) => lang.say("volume.bad-name", &[name]),
        Fault::BadSpec(text) => lang.say("volume.bad-spec", &[text]),
        Fault::Io { tried, path, error } => {
            let tried = lang.say(&format!("volume.tried.{tried}"), &[&path.display().to_string()]);
            lang.say("volume.io", &[&tried, &error.to_string()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_four_digits() {
        let written: Vec<String> = [0, 7, 999, 1000, 1234, 36_473_123, 2_000_000_000].map(human).into();
        assert_eq!(written, ["0B", "7B", "999B", "1kB", "1.234kB", "36.47MB", "2GB"]);
    }

    #[test]
    fn templates() {
        let item = serde_json::json!({ "Name": "data", "Labels": null });
        let render = |template| render(template, &item, Lang::En);
        assert_eq!(render("<{{.Name}}> {{json .Name}} {{ .Labels }}").unwrap(), "<data> \"data\" null");
        assert!(render("{{.Nothing}}").is_err() && render("{{.Name").is_err());
    }

    #[test]
    fn filters() {
        let labels = BTreeMap::from([("a".to_string(), "b".to_string())]);
        let dir = tempfile::tempdir().unwrap();
        let volume = Store::at(dir.path()).create(Some("data"), labels).unwrap();
        let fits = |text| Filter::parse(text, Lang::En).unwrap().fits(&volume, false);
        assert!(["dangling=true", "name=at", "label=a", "label=a=b", "driver=local"].into_iter().all(fits));
        assert!(!["dangling=false", "name=x", "label=b", "label=a=c", "driver=nfs"].into_iter().any(fits));
        assert!(Filter::parse("size=1", Lang::En).is_err() && Filter::parse("dangling", Lang::En).is_err());
    }
}
