//! Callers hear how many are before them, and how long it will take.

use tandem::{
    infra::site::{Locale, Site},
    ports::{
        engine::{
            Command, Media,
            simulator::{Answer, Faults, World},
        },
        media::phrase,
    },
};

use crate::rig::{Rig, START, caller, name, phones, secs, site};

fn house(agents: usize, every: Option<u64>) -> Site {
    let mut site = site(agents);
    let queue = site.queues.get_mut(&name("sales")).expect("a queue");
    queue.announce = every.map(secs);
    site
}

fn rig(site: Site) -> Rig {
    let list = phones(site.agents.len(), Answer::After(secs(3)), secs(60));
    Rig::new(site, World::new(1, list, Faults::default(), START))
}

/// What a caller's leg was told to hear, and after how many seconds.
fn heard(rig: &Rig, leg: &str) -> Vec<(u64, Vec<Media>)> {
    let told = rig.orders.iter().filter(|(_, order)| order.leg.as_str() == leg);
    told.filter_map(|(at, order)| match &order.command {
        Command::Play { media } => Some((at.since(START).as_secs(), media.clone())),
        Command::Music => Some((at.since(START).as_secs(), Vec::new())),
        _ => None,
    })
    .collect()
}

#[test]
fn whoever_waits_hears_the_place_so_often_and_music_after_it() {
    let mut rig = rig(house(0, Some(30)));
    rig.call("c1", secs(0));
    rig.call("c2", secs(2));
    rig.run_for(secs(100));
    let first = phrase::place(0, None, Locale::English);
    let second = phrase::place(1, None, Locale::English);
    for (leg, place, joined) in [("c1", first, 1), ("c2", second, 3)] {
        let heard = heard(&rig, leg);
        let at: Vec<u64> = heard.iter().filter(|(_, media)| *media == place).map(|(at, _)| *at).collect();
        assert_eq!(at, [joined + 30, joined + 60, joined + 90], "{leg}: {heard:?}");
        for (i, _) in heard.iter().enumerate().filter(|(_, (_, media))| *media == place) {
            assert!(heard.get(i + 1).is_none_or(|(_, media)| media.is_empty()), "music follows: {heard:?}");
        }
    }
}

#[test]
fn the_wait_is_told_as_soon_as_it_can_be_expected() {
    let mut rig = rig(house(1, Some(30)));
    for i in 0..8 {
        rig.call_with(&format!("c{i}"), secs(i), caller('1', secs(3_600), secs(600)));
    }
    rig.run_for(secs(280));
    let told = heard(&rig, "c7");
    let with_wait = |media: &Vec<Media>| {
        (0..8).any(|before| {
            let bare = phrase::place(before, None, Locale::English);
            media.len() > bare.len() && media.starts_with(&bare)
        })
    };
    let first = told.iter().find(|(_, media)| with_wait(media)).map(|(at, _)| *at);
    // Three have been answered after 4, 69 and 134 s.
    assert!(first.is_some_and(|at| (134..=170).contains(&at)), "{told:?}");
}

#[test]
fn a_restart_forgets_no_announcement_and_a_site_without_it_tells_nothing() {
    let mut rig = rig(house(0, Some(30)));
    rig.call("c1", secs(0));
    rig.run_for(secs(20));
    let snapshot = rig.snapshot();
    rig.run_for(secs(2));
    rig.die_and_return(&snapshot, secs(1));
    rig.run_for(secs(20));
    let place = phrase::place(0, None, Locale::English);
    let times = |rig: &Rig| heard(rig, "c1").iter().filter(|(_, media)| *media == place).count();
    assert_eq!(times(&rig), 1);
    rig.input(tandem::live::switchboard::Input::Site(std::sync::Arc::new(house(0, None))));
    rig.run_for(secs(100));
    assert_eq!(times(&rig), 1);
}
