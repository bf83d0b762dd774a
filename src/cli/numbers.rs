//! `tandem numbers`: what a telephone number tells by itself. No daemon is asked.

use serde_json::json;

use super::{
    Common, Exit, Fault,
    context::paint,
    paint::{faint, text},
    show::print,
};
use crate::base::{
    area::{self, Area},
    number::Number,
};

/// Say what a telephone number tells by itself
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Numbers,
}

#[derive(Debug, clap::Subcommand)]
enum Numbers {
    /// Say where numbers are from: country, province, cities, network
    ///
    /// Numbers are taken as a trunk brings them: +8621…, 008621…, 021…, 138…
    Where {
        /// The numbers
        #[arg(required = true, value_name = "NUMBER", value_parser = number)]
        numbers: Vec<Number>,
        /// Country code of the place where they arrive
        #[arg(long, value_name = "CODE", default_value = area::CHINA)]
        home: String,
    },
}

fn number(text: &str) -> Result<Number, String> {
    Number::new(text).map_err(|why| why.to_string())
}

pub(super) fn run(common: &Common, args: Args) -> Result<Exit, Fault> {
    let Numbers::Where { numbers, home } = args.command;
    let found: Vec<(Number, Option<Area>)> =
        numbers.into_iter().map(|number| (number.clone(), area::of(&number, &home))).collect();
    print(&if common.json { format!("{}\n", as_json(&found, &home)) } else { table(&found) })?;
    let all = found.iter().all(|(_, area)| area.is_some());
    Ok(if all { Exit::Done } else { Exit::Failed })
}

fn as_json(found: &[(Number, Option<Area>)], home: &str) -> serde_json::Value {
    let row = |(number, area): &(Number, Option<Area>)| {
        let whole = area::international(number, home);
        json!({ "number": number, "international": whole, "area": area })
    };
    found.iter().map(row).collect()
}

fn table(found: &[(Number, Option<Area>)]) -> String {
    let rows = found.iter().map(|(number, area)| {
        let Some(area) = area else {
            return vec![
                text(number.as_str()),
                faint("no number of the public network, or without its area code"),
            ];
        };
        let cities: Vec<&str> = area.cities.iter().map(|city| city.zh).collect();
        vec![
            text(number.as_str()),
            text(format!("{} {}", area.country.iso, area.country.en)),
            text(area.province.map_or(String::new(), |place| format!("{} {}", place.word, place.zh))),
            text(cities.join(" ")),
            text(area.carrier.map_or("", |carrier| carrier.en)),
        ]
    });
    paint().table(&["NUMBER", "COUNTRY", "PROVINCE", "CITY", "NETWORK"], rows)
}
