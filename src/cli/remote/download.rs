//! `cloudgen download`: the files of an option, whole or not at all.
//!
//! The archive is fetched into a hidden file and goes on where it broke off, in
//! the same run or in a later one. Archive and files are checked against the
//! manifest before the first file is written.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Cursor, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use zip::ZipArchive;

use super::client::{Call, Client, with_query};
use super::{At, design};
use crate::cli::design::{FormatName, TierName};
use crate::cli::failure::{Failure, Kind};
use crate::cli::output::{Output, Progress};
use crate::cli::report::{self, list, text};
use crate::cli::state::write_file;
use crate::engine::graph::Tier;
use crate::platform::crypto::{hex, sha256};

/// Files with their contents, by format.
pub type Sets = Vec<(&'static str, Vec<(String, Vec<u8>)>)>;

/// How often nothing at all may arrive before it is given up.
const FRUITLESS: u32 = 3;
/// More than an archive of ours ever has; keeps a hostile one from filling memory.
const MOST: u64 = 200_000_000;

#[derive(Args)]
pub struct Download {
    /// The session; else that of the last analysis
    #[arg(long, value_name = "ID")]
    session_id: Option<String>,
    /// Which option; else the one that is recommended
    #[arg(long, value_enum)]
    option: Option<TierName>,
    /// Which format; else the newest there is
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// Directory to write to; made when it is not there
    #[arg(long, value_name = "DIR", default_value = "infrastructure")]
    out: PathBuf,
    /// Write over files that are there and differ
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: Output,
}

pub async fn run(args: &Download) -> anyhow::Result<ExitCode> {
    let client = args.at.client()?;
    let session = design::session(&client, args.session_id.as_deref())?;
    let set = find(&client, &session, args).await?;
    let content = fetch(&client, &set, &args.out).await?;
    let files = unpack(&set, &content)?;
    let files: Vec<_> = files.into_iter().map(|(path, it)| (args.out.join(path), it)).collect();
    let differs = |path: &Path, content: &[u8]| fs::read(path).is_ok_and(|it| it != content);
    if !args.force
        && let Some((path, _)) = files.iter().find(|(path, content)| differs(path, content))
    {
        bail!(
            "{} is there and differs: nothing was written. Use --force to write over it, or --out for another directory",
            path.display()
        );
    }
    for (path, content) in &files {
        write_file(path, content)?;
    }
    // Now it is all there; the archive has done its work.
    let _ = fs::remove_file(part(&set, &args.out));
    let tier = Tier::parse(text(&set["option"])).context("the server names no option")?;
    let listed: Vec<_> = files
        .iter()
        .map(
            |(path, content)| json!({ "path": path.display().to_string(), "bytes": content.len() }),
        )
        .collect();
    let value = json!({
        "session_id": session, "analysis": set["analysis"], "option": tier,
        "format": set["format"], "sha256": set["checksum"], "files": listed,
    });
    args.output.print(&value, |out| report::written(out, tier, &args.out, &files))
}

/// The files of an option by format, made if they are not there yet.
pub async fn generated(
    client: &Client,
    session: &str,
    tier: Tier,
    format: Option<FormatName>,
    folder: &Path,
) -> anyhow::Result<Sets> {
    let formats = match format {
        None => vec![None],
        Some(FormatName::All) => {
            vec![Some(FormatName::Terraform), Some(FormatName::Cloudformation)]
        }
        one => vec![one],
    };
    let mut sets = Vec::new();
    for format in formats {
        let name = format.map(FormatName::name);
        let request = json!({ "session_id": session, "option": tier, "format": name });
        let set = design::implement(client, &request).await?;
        let archive = fetch(client, &set, folder).await?;
        let files = unpack(&set, &archive)?;
        fs::remove_file(part(&set, folder))?;
        let files = files.into_iter().map(|(path, it)| (path.display().to_string(), it)).collect();
        sets.push((name.unwrap_or("code"), files));
    }
    Ok(sets)
}

/// The newest set that is meant.
async fn find(client: &Client, session: &str, args: &Download) -> anyhow::Result<Value> {
    let recommended = match args.option {
        Some(it) => Tier::from(it).name().to_owned(),
        None => {
            let session = client.get(format!("/api/v1/sessions/{session}")).await?;
            session["headline"]["recommended"].as_str().unwrap_or("better").to_owned()
        }
    };
    let format = args.format.map(FormatName::name);
    let sets = client.list(&format!("/api/v1/artifacts/{session}"), usize::MAX).await?;
    let meant = |it: &&Value| {
        it["option"] == *recommended && format.is_none_or(|name| it["format"] == name)
    };
    // The option that somebody chose and generated is meant more than the recommended one.
    let fits = |it: &&Value| format.is_none_or(|name| it["format"] == name);
    let only = || if args.option.is_none() { sets.iter().find(fits) } else { None };
    let Some(set) = sets.iter().find(meant).or_else(only) else {
        let message = format!(
            "nothing was generated of the {recommended} option of session {session}\n  \
             try: cloudgen generate --session-id {session} --option {recommended}"
        );
        return Err(Failure::new(Kind::NotFound, message).into());
    };
    match text(&set["state"]) {
        "ready" => Ok(set.clone()),
        // It is being made: whoever asks for it again has it as soon as it is there.
        "queued" | "running" => {
            let request = json!({
                "session_id": session, "analysis": set["analysis"],
                "option": set["option"], "format": set["format"],
            });
            design::implement(client, &request).await
        }
        state => {
            let message = format!("the files of the {recommended} option are {state}");
            Err(Failure::new(Kind::Refused, message).into())
        }
    }
}

/// Where the archive grows.
fn part(set: &Value, folder: &Path) -> PathBuf {
    let name: String =
        text(&set["checksum"]).chars().filter(char::is_ascii_hexdigit).take(64).collect();
    folder.join(format!(".cloudgen-{name}.zip.part"))
}

/// The archive of a set, from where an earlier attempt broke off.
pub async fn fetch(client: &Client, set: &Value, folder: &Path) -> anyhow::Result<Vec<u8>> {
    let checksum = text(&set["checksum"]);
    let analysis = set["analysis"].to_string();
    let fields = [
        ("analysis", Some(analysis.as_str())),
        ("option", set["option"].as_str()),
        ("format", set["format"].as_str()),
    ];
    let session = design::checked_id(text(&set["session_id"]))?;
    let path = with_query(&format!("/api/v1/artifacts/{session}/archive"), &fields);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let part = part(set, folder);
    let progress = Progress::new();
    let mut fruitless = 0;
    loop {
        let before = fs::metadata(&part).map_or(0, |it| it.len());
        let broken = match some(client, &path, checksum, &part, before, &progress).await {
            Ok(()) => None,
            Err(err) if err.downcast_ref::<reqwest::Error>().is_some() => Some(err),
            Err(err) => return Err(err),
        };
        let Some(broken) = broken else { break };
        let after = fs::metadata(&part).map_or(0, |it| it.len());
        fruitless = if after > before { 0 } else { fruitless + 1 };
        if fruitless >= FRUITLESS {
            let message = format!(
                "{}\n  try: the same command again; it goes on where this one ended",
                broken.downcast_ref().map_or_else(
                    || format!("{broken:#}"),
                    |err| client.unreachable(err).to_string()
                ),
            );
            return Err(Failure::new(Kind::Unavailable, message).into());
        }
        if fruitless > 0 {
            tokio::time::sleep(Duration::from_millis(250 << fruitless)).await;
        }
    }
    let content = fs::read(&part).with_context(|| format!("cannot read {}", part.display()))?;
    if hex(&sha256(&content)) != checksum {
        let _ = fs::remove_file(&part);
        bail!("what arrived is not what the manifest says (SHA-256 {checksum}): try again");
    }
    Ok(content)
}

/// One request for what is missing. An error of the connection is a
/// `reqwest::Error`, after which another request may get further.
async fn some(
    client: &Client,
    path: &str,
    checksum: &str,
    part: &Path,
    from: u64,
    progress: &Progress,
) -> anyhow::Result<()> {
    let mut call = Call::new(Method::GET, path);
    if from > 0 {
        call = call
            .header("range", &format!("bytes={from}-"))?
            .header("if-range", &format!("\"{checksum}\""))?;
    }
    let response = client.send(call).await?;
    let status = response.status();
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        // All of it is here; the checksum tells whether it is right.
        return Ok(());
    }
    let mut response = client.checked(response).await?;
    let header = |name| response.headers().get(name).and_then(|it| it.to_str().ok());
    // The server may answer with everything, or with another part than was asked for.
    let begins = header(CONTENT_RANGE).and_then(|it| it.strip_prefix("bytes ")?.split('-').next());
    let goes_on = status == StatusCode::PARTIAL_CONTENT && begins == Some(&from.to_string());
    if status == StatusCode::PARTIAL_CONTENT && !goes_on {
        bail!("the server sent another part of the archive than was asked for");
    }
    let mut done = if goes_on { from } else { 0 };
    let total = done + header(CONTENT_LENGTH).and_then(|it| it.parse::<u64>().ok()).unwrap_or(0);
    let mut options = OpenOptions::new();
    options.create(true).write(true).append(goes_on).truncate(!goes_on);
    let cannot = || format!("cannot write {}", part.display());
    let mut file = options.open(part).with_context(cannot)?;
    while let Some(chunk) = response.chunk().await? {
        file.write_all(&chunk).with_context(cannot)?;
        done += chunk.len() as u64;
        if done > MOST {
            bail!("the archive is larger than any that CloudGen makes");
        }
        progress.bar("Downloading", done, total);
    }
    file.sync_all().with_context(cannot)
}

/// The files of an archive, each as the manifest of the set says and none besides.
pub fn unpack(set: &Value, archive: &[u8]) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).context("the archive is damaged")?;
    let mut files = BTreeMap::new();
    for file in list(&set["files"]) {
        let name = text(&file["path"]);
        let path = Path::new(name);
        // What would leave the directory is no file of ours.
        if name.is_empty() || !path.components().all(|it| matches!(it, Component::Normal(_))) {
            bail!("the manifest names {name:?}, which is no path within the directory");
        }
        let entry = archive.by_name(name).with_context(|| format!("the archive lacks {name}"))?;
        let mut content = Vec::new();
        let most = file["bytes"].as_u64().unwrap_or(0).min(MOST);
        entry.take(most + 1).read_to_end(&mut content)?;
        if hex(&sha256(&content)) != text(&file["sha256"]) {
            bail!("{name} is not what the manifest says: nothing was written");
        }
        files.insert(path.to_owned(), content);
    }
    if files.is_empty() {
        bail!("the set has no files");
    }
    Ok(files)
}
