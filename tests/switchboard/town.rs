//! A house with everything: queues and agents beside groups, slots, a conference, a mailbox, trunks and transfers.

use tandem::{
    base::number::Key,
    infra::site::{
        Agent, AgentPhone, Callback, Capacity, Class, CollectStep, Mailbox, PinHash, Queue, Site, Step,
        Strategy, Takes, TransferTo,
    },
    ports::engine::simulator::{Answer, Caller, Faults, Line, World},
};

use super::{
    dispositions::saying,
    rig::{self, Rig, name, number, secs},
    surveys::asking,
    telephony::house,
};

/// `telephony::house` with agents a3 and a4 at 1003 and 1004, and `far` outside, a mailbox at 1002, and a menu that leads everywhere.
pub fn site() -> Site {
    let mut site = house();
    let agents = rig::site(5).agents.into_iter();
    site.agents = agents.filter(|(agent, _)| ["a3", "a4"].contains(&agent.as_str())).collect();
    let phone = AgentPhone::Outside(number("013900000077"));
    let far = Agent { phone, ..site.agents[&name("a4")].clone() };
    site.agents.insert(name("far"), far);
    site.queues
        .insert(name("mail"), Queue { takes: Takes::Messages, ..Queue::new(secs(20), secs(15), secs(600)) });
    for (agent, call) in [("a3", 2), ("a4", 0)] {
        let agent = site.agents.get_mut(&name(agent)).expect("an agent");
        (agent.capacity, agent.queues) =
            (Capacity { of: 3, call, message: 1 }, [agent.queues.clone(), vec![name("mail")]].concat());
    }
    let pin = Some(PinHash::of(&secrecy::SecretString::from("471147"), "a place"));
    let mailbox = Mailbox { pin_file: "/nowhere".into(), pin, greeting: None, most: 50, limit: secs(20) };
    site.extensions.get_mut(&number("1002")).expect("there").mailbox = Some(mailbox);
    site.queues.get_mut(&name("support")).expect("a queue").strategy = Strategy::RingAll;
    for queue in site.queues.values_mut().filter(|queue| queue.takes == Takes::Calls) {
        let key = Key::new('3').expect("a key");
        let callback =
            Callback { key, tries: 2, again: secs(30), class: Class::National, most: 100, tell: secs(40) };
        queue.callback = Some(callback);
    }
    site.dialing.codes.voicemail = Some(number("*97"));
    let steps = &mut site.flows.get_mut(&name("main")).expect("a flow").steps;
    let Some(Step::Menu(menu)) = steps.get_mut(&name("menu")) else { panic!("a menu") };
    let to = |to, ring| Step::Transfer { to, ring: secs(ring), otherwise: name("bye") };
    let more = [
        ('3', "digits", Step::Collect(collect(menu.prompt.clone()))),
        ('4', "reception", to(TransferTo::Extension(number("1001")), 20)),
        ('5', "office", to(TransferTo::Group(number("6001")), 20)),
        ('6', "turn", to(TransferTo::Group(number("6002")), 20)),
        ('7', "message", Step::Voicemail { mailbox: number("1002") }),
        ('8', "room", to(TransferTo::Conference(number("7001")), 20)),
        ('0', "world", to(TransferTo::Outside(number("013800138000")), 20)),
    ];
    for (key, step, _) in &more {
        menu.keys.insert(Key::new(*key).expect("a key"), name(step));
    }
    steps.extend(more.map(|(_, text, step)| (name(text), step)));
    steps.insert(name("dialled"), to(TransferTo::Collected(name("digits")), 20));
    saying(asking(site, 80, 3), true)
}

fn collect(prompt: tandem::infra::site::Prompt) -> CollectStep {
    CollectStep {
        prompt,
        min: 4,
        max: 4,
        end_key: None,
        timeout: secs(5),
        tries: 2,
        invalid: None,
        next: name("dialled"),
        otherwise: name("bye"),
    }
}

pub fn open() -> Rig {
    Rig::new(site(), world(1, Faults::default()))
}

pub fn world(seed: u64, faults: Faults) -> World {
    let phones = rig::phones(5, Answer::After(secs(2)), secs(600));
    let mut world = World::new(seed, phones, faults, rig::START);
    for trunk in ["first", "second"] {
        world.line(name(trunk), Line { answer: Answer::After(secs(1)), talk: secs(600) });
    }
    world
}

/// Keys that are pressed one after the other, from a second after the answer.
pub fn presses(keys: &str) -> Caller {
    let after = |(i, key): (usize, char)| (secs(1 + i as u64), Key::new(key).expect("a key"));
    Caller { keys: keys.chars().enumerate().map(after).collect(), patience: secs(600), talk: secs(600) }
}
