//! The clock is set by somebody, and time zones are known.

use std::{path::Path, time::Duration};

use jiff::tz::TimeZone;
use tokio::{process::Command, time::timeout};

use super::{Check, Findings};
use crate::infra::site::Site;

const DRIFTS: &str = "opening hours, records and the proof of who did what follow this clock";

pub(super) async fn look(site: Option<&Site>, to: &mut Findings) {
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output();
    match timeout(Duration::from_secs(5), asked).await {
        Ok(Ok(output)) if output.stdout.starts_with(b"yes") => to.well(Check::Clock, "set by the network"),
        Ok(Ok(output)) if output.stdout.starts_with(b"no") => {
            let remedy = "`timedatectl set-ntp true`, or `apt-get install chrony`";
            to.fault(Check::Clock, "nobody sets the clock", DRIFTS, remedy);
        }
        _ => to.unseen(
            Check::Clock,
            "timedatectl does not say whether the clock is set",
            "see `chronyc tracking`",
        ),
    }
    let wanted = site.and_then(|site| site.time_zone.iana_name()).unwrap_or("Asia/Shanghai");
    let file = Path::new("/usr/share/zoneinfo").join(wanted);
    if TimeZone::get(wanted).is_err() {
        let what = format!("the time zone {wanted} is not known ({} is missing)", file.display());
        to.fault(
            Check::Clock,
            what,
            "the site cannot be read: no hours can be told",
            "apt-get install tzdata",
        );
    } else {
        to.well(Check::Clock, format!("the time zone {wanted} is known"));
    }
}
