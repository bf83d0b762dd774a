//! Users, tokens and the audit, on both databases.

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tandem::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::Name,
        text::Label,
    },
    desk::{
        access::{Access, AccessError, Denied, NewToken, Scope},
        audit::{Audit, AuditError, Change, Filter, Ledger, What},
    },
};

use crate::house::{House, PATIENCE};

/// A clock that stands still.
struct Then(Stamp);

impl Clock for Then {
    fn now(&self) -> Stamp {
        self.0
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn asked(scope: Scope) -> NewToken {
    NewToken { scope, days: 30, note: Label::new("for the board") }
}

pub async fn a_token_lets_in_until_it_ends_or_is_revoked(house: House) {
    let root = Label::new("root");
    let access = Access::new(house.db.clone(), Arc::new(SystemClock));
    assert!(access.users(None, 10).await.unwrap().is_empty(), "there is nobody by default");
    access.add_user(&root, name("nina"), Scope::Operate).await.unwrap();
    let again = access.add_user(&root, name("nina"), Scope::Admin).await.unwrap_err();
    assert!(matches!(again, AccessError::KnownUser(_)), "{again}");
    let far = access.make_token(&root, &name("nina"), asked(Scope::Admin)).await.unwrap_err();
    assert!(matches!(far, AccessError::TooFar { .. }), "{far}");
    let nobody = access.make_token(&root, &name("lee"), asked(Scope::Read)).await.unwrap_err();
    assert!(matches!(nobody, AccessError::NoSuchUser(_)), "{nobody}");

    let one = access.make_token(&root, &name("nina"), asked(Scope::Read)).await.unwrap();
    let two = access.make_token(&root, &name("nina"), asked(Scope::Operate)).await.unwrap();
    let grant = access.admit(&one.secret).await.unwrap();
    assert_eq!((grant.user, grant.scope, grant.token), (name("nina"), Scope::Read, one.token.id.clone()));
    let mut forged = one.secret.expose_secret()[..20].to_owned();
    forged.push_str(&two.secret.expose_secret()[20..]);
    let denied = access.admit(&SecretString::from(forged)).await.unwrap_err();
    assert!(matches!(denied, Denied::WrongSecret(_)), "{denied}");

    let later =
        Access::new(house.db.clone(), Arc::new(Then(SystemClock.now() + Duration::from_hours(24 * 31))));
    assert!(matches!(later.admit(&one.secret).await.unwrap_err(), Denied::Expired(_)));
    access.revoke(&root, &one.token.id).await.unwrap();
    assert!(matches!(access.admit(&one.secret).await.unwrap_err(), Denied::Revoked(_)));
    access.admit(&two.secret).await.unwrap();

    // Whoever comes again gets none of the old tokens back.
    access.remove_user(&root, &name("nina")).await.unwrap();
    access.add_user(&root, name("nina"), Scope::Admin).await.unwrap();
    assert!(matches!(access.admit(&two.secret).await.unwrap_err(), Denied::Revoked(_)));
    let listed = access.tokens(Some(&name("nina")), None, 10).await.unwrap();
    assert!(listed.len() == 2 && listed.iter().all(|token| token.revoked.is_some()), "{listed:?}");

    let audit = Audit::new(house.db.clone());
    let entries = audit.entries(&Filter::default(), 100).await.unwrap();
    let whats: Vec<_> = entries.iter().rev().map(|entry| entry.change.what.word()).collect();
    assert_eq!(
        whats,
        ["user.add", "token.create", "token.create", "token.revoke", "user.remove", "user.add"],
        "what was refused changed nothing"
    );
    assert!(entries.iter().all(|entry| entry.change.who == root));
    let text = format!("{entries:?}");
    assert!(
        !text.contains(&one.secret.expose_secret()[20..])
            && !text.contains(&two.secret.expose_secret()[20..])
    );
    assert_eq!(audit.verify().await.unwrap().rows, 6);
}

fn change(n: u64) -> Change {
    Change {
        id: format!("c-{n}").into(),
        at: Stamp(n as i64),
        who: Label::new("王"),
        what: What::AgentPause,
        subject: "li".into(),
        before: Some(r#"{"state":"ready"}"#.to_owned()),
        after: Some(r#"{"state":"paused"}"#.to_owned()),
    }
}

async fn rows(audit: &Audit, many: i64) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while audit.verify().await.map_or(-1, |sound| sound.rows) != many {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", audit.verify().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn changes_reach_the_audit_once_however_often_they_are_told(mut house: House) {
    house.obstruct();
    let (ledger, bringing) = Ledger::open(house.state.path(), house.db.clone()).unwrap();
    for n in 0..20 {
        ledger.note(&change(n));
    }
    bringing.stop().await;
    drop(ledger);
    house.repair();
    let (ledger, bringing) = Ledger::open(house.state.path(), house.db.clone()).unwrap();
    let audit = Audit::new(house.db.clone());
    // A crash has the journal tell the last ones again.
    for n in 10..30 {
        ledger.note(&change(n));
    }
    rows(&audit, 30).await;
    bringing.stop().await;
    let entries =
        audit.entries(&Filter { subject: Some("li".to_owned()), ..Filter::default() }, 5).await.unwrap();
    let numbers: Vec<_> = entries.iter().map(|entry| (entry.number, entry.change.id.as_str())).collect();
    assert_eq!(numbers, [(30, "c-29"), (29, "c-28"), (28, "c-27"), (27, "c-26"), (26, "c-25")]);
    assert_eq!(entries[0].change, change(29));
    let page = audit.entries(&Filter { before: Some(3), ..Filter::default() }, 5).await.unwrap();
    assert_eq!(page.len(), 2);
}

pub async fn a_row_of_the_audit_is_never_changed_and_whoever_forces_it_is_found(house: House) {
    let (ledger, bringing) = Ledger::open(house.state.path(), house.db.clone()).unwrap();
    for n in 0..5 {
        ledger.note(&change(n));
    }
    let audit = Audit::new(house.db.clone());
    rows(&audit, 5).await;
    bringing.stop().await;
    let mut stranger = house.stranger().await;
    for sql in ["UPDATE audit SET who = 'nobody' WHERE number = 3", "DELETE FROM audit WHERE number = 5"] {
        let refused = stranger.try_run(sql).await.unwrap_err();
        assert!(refused.contains("the audit is never"), "{refused}");
    }
    assert_eq!(audit.verify().await.unwrap().rows, 5);
    // Whoever owns the database can do it all the same; it shows.
    stranger.run(house.say("DROP TRIGGER audit_stays", "DROP TRIGGER audit_stays ON audit")).await;
    stranger.run("UPDATE audit SET who = 'nobody' WHERE number = 3").await;
    assert!(matches!(audit.verify().await, Err(AuditError::Broken { number: 3 })));
    stranger.run("UPDATE audit SET who = '王' WHERE number = 3").await;
    assert_eq!(audit.verify().await.unwrap().rows, 5);
    stranger.run(house.say("DROP TRIGGER audit_is_kept", "SELECT 1")).await;
    stranger.run("DELETE FROM audit WHERE number = 5").await;
    assert!(matches!(audit.verify().await, Err(AuditError::Short { there: 4, written: 5 })));
    stranger.run("DELETE FROM audit WHERE number = 2").await;
    assert!(matches!(audit.verify().await, Err(AuditError::Broken { number: 3 })));
}
