//! How well queues are served, for the doors.

use super::{
    state::Switchboard,
    view::{FiguresView, ServiceView},
};
use crate::{
    base::{clock::Stamp, id::Name},
    live::queue::{Served, Service},
};

impl Switchboard {
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
