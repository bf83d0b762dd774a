//! How well queues are served, for the doors.

use super::{
    state::Switchboard,
    surveys::Ratings,
    view::{FiguresView, ServiceView},
};
use crate::{
    base::{clock::Stamp, id::Name},
    infra::site::Site,
    live::queue::{Served, Service},
};

impl Switchboard {
    /// Whether what was counted today was counted on that day.
    pub(super) fn is_today(&self, now: Stamp) -> bool {
        day(now, &self.site) == self.today
    }

    pub(super) fn turn_day(&mut self) {
        let today = day(self.now(), &self.site);
        if today != self.today {
            self.today = today;
            self.calls_today = 0;
            self.queues.new_day();
            self.agents.new_day();
            self.ratings = Ratings::default();
        }
    }

    pub(super) fn service(&self, queue: &Name, now: Stamp) -> ServiceView {
        let level = self.site.service_level(queue);
        let service = self.queues.service(queue);
        let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        ServiceView {
            percent: level.percent,
            within_ms: millis(level.within),
            short_ms: millis(level.short),
            lately: figures(service.map(|service| service.lately(now)).unwrap_or_default()),
            today: figures(service.filter(|_| self.is_today(now)).map(Service::today).unwrap_or_default()),
        }
    }
}

pub(super) fn day(now: Stamp, site: &Site) -> i64 {
    let offset = i64::from(now.zoned(&site.time_zone).offset().seconds());
    (now.0 / 1_000_000 + offset).div_euclid(86_400)
}

fn figures(served: Served) -> FiguresView {
    let Served { answered, in_time, abandoned, short, passed_on, waited_ms } = served;
    let offered = served.offered();
    let permille = |of: u64| (of * 1000).checked_div(offered);
    FiguresView {
        offered,
        answered,
        in_time,
        abandoned,
        short,
        passed_on,
        service_level_permille: permille(in_time),
        answer_permille: permille(answered),
        abandonment_permille: permille(abandoned),
        average_wait_ms: waited_ms.checked_div(answered),
    }
}
