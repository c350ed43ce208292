//! Zip archives with the same bytes for the same content.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A zip of these files, in the order given, dated 1980-01-01.
pub fn zip<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        // Writing into memory fails only for a name or size that a zip cannot hold.
        if archive.start_file(name, options).is_ok() {
            let _ = archive.write_all(content);
        }
    }
    archive.finish().map(Cursor::into_inner).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::zip;

    #[test]
    fn an_archive_is_the_same_every_time_and_reads_back() {
        let once = zip([("index.py", b"print(1)\n".as_slice())]);
        assert_eq!(once, zip([("index.py", b"print(1)\n".as_slice())]));
        let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(once)).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name("index.py").unwrap(), &mut text)
            .unwrap();
        assert_eq!(text, "print(1)\n");
    }
}
