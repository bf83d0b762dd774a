//! The TLS port that the site asks for, with a certificate made here when the admin brings none.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::{
    base::clock::Stamp,
    http::{TlsError, TlsPort, bind_tls},
    infra::site::HttpSettings,
};

/// A certificate that was made here is good for so many years.
const YEARS: i32 = 5;

/// Why there is no TLS port.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("no certificate can be made: {0}; bring one, and name it under `http` in site.yaml")]
    Make(#[from] rcgen::Error),
    #[error("{} cannot be written: {why}; give its folder to the daemon's user, or bring certificate and key", path.display())]
    Write { path: PathBuf, why: io::Error },
}

/// Opens the port, if one is asked for.
pub(super) async fn open(http: Option<&HttpSettings>, now: Stamp) -> Result<Option<TlsPort>, PortError> {
    let Some(http) = http else { return Ok(None) };
    let missing = |path: &Path| !path.exists();
    if missing(&http.certificate) && missing(&http.key_file) {
        make(http, now)?;
        tracing::info!(
            certificate = %http.certificate.display(),
            "a certificate has been made; give it to clients with `--ca`, or bring one that they know"
        );
    }
    Ok(Some(bind_tls(http.listen, &http.certificate, &http.key_file).await?))
}

/// A certificate that signs itself: a client that has it knows this daemon and nobody else.
fn make(http: &HttpSettings, now: Stamp) -> Result<(), PortError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.push(http.listen.ip().to_string());
    names.extend(http.names.iter().map(ToString::to_string));
    names.sort();
    names.dedup();
    let mut params = CertificateParams::new(names)?;
    let year = i32::from(now.zoned(&jiff::tz::TimeZone::UTC).year());
    params.not_before = date_time_ymd(year - 1, 1, 1);
    params.not_after = date_time_ymd(year + YEARS, 1, 1);
    params.distinguished_name.push(rcgen::DnType::CommonName, "tandem");
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    // The key first: a certificate without its key would stand in the way of the next attempt.
    write(&http.key_file, &key.serialize_pem(), 0o600)?;
    write(&http.certificate, &certificate.pem(), 0o644)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), PortError> {
    let failed = |why| PortError::Write { path: path.to_owned(), why };
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|why| {
        let _half = fs::remove_file(path);
        failed(why)
    })
}
