//! How well queues are served, in figures.

use std::fmt::{self, Write};

use super::Text;
use crate::live::switchboard::view::{AgentView, FiguresView, QueueView, RatedView, Repeats};

type Figure = fn(&FiguresView) -> Option<f64>;

/// By queue and span. What nobody's wait has told has no line.
const FIGURES: [(&str, &str, Figure); 6] = [
    ("queue_service_level_ratio", "Answered in time, of those offered.", |of| ratio(of.in_time, of.offered)),
    ("queue_answer_ratio", "Answered, of those offered.", |of| ratio(of.answered, of.offered)),
    ("queue_abandonment_ratio", "Hung up waiting, of those offered.", |of| ratio(of.abandoned, of.offered)),
    ("queue_average_wait_seconds", "What those answered waited, on the mean.", |of| {
        of.average_wait_ms.map(|ms| ms as f64 / 1000.0)
    }),
    ("queue_offered", "Callers whose wait is over.", |of| Some(of.offered as f64)),
    ("queue_short", "Callers who hung up so soon that they do not count.", |of| Some(of.short as f64)),
];

fn ratio(of: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| of as f64 / all as f64)
}

type Rating = fn(&RatedView) -> Option<f64>;

/// Of the day, by queue and by agent.
const RATINGS: [(&str, &str, Rating); 4] = [
    ("survey_asked", "Callers who were asked today how it was.", |of| Some(of.asked as f64)),
    ("survey_answer_ratio", "Answered, of those asked today.", |of| ratio(of.answered, of.asked)),
    ("survey_good_ratio", "Answers of 4 or 5 of 5, of all today.", |of| ratio(of.good, of.answered)),
    ("survey_average_ratio", "The mean answer today, of the best one.", |of| {
        of.average_permille.map(|permille| permille as f64 / 1000.0)
    }),
];

type Returning = fn(&Repeats) -> Option<u64>;

/// Of the seven last days of which it is known, by queue, in thousandths.
const RETURNING: [(&str, &str, Returning); 2] = [
    ("queue_repeat_ratio", "Called the queue again within 7 days, of the callers answered.", |of| {
        of.again_permille
    }),
    (
        "queue_first_contact_resolution_ratio",
        "Did not call the queue again, of the callers answered.",
        |of| of.resolved_permille,
    ),
];

impl Text {
    pub(super) fn repeats(&mut self, queues: &[QueueView]) -> fmt::Result {
        for (name, help, figure) in RETURNING {
            self.head(name, "gauge", help)?;
            for queue in queues {
                let Some(permille) = queue.repeats.as_ref().and_then(figure) else { continue };
                writeln!(self.0, "tandem_{name}{{queue=\"{}\"}} {}", queue.name, permille as f64 / 1000.0)?;
            }
        }
        Ok(())
    }

    pub(super) fn surveys(&mut self, queues: &[QueueView], agents: &[AgentView]) -> fmt::Result {
        for (name, help, figure) in RATINGS {
            self.head(name, "gauge", help)?;
            let queues = queues.iter().map(|queue| ("queue", &queue.name, &queue.rated));
            let agents = agents.iter().map(|agent| ("agent", &agent.name, &agent.rated));
            for (what, whose, rated) in queues.chain(agents).filter(|(.., rated)| rated.asked > 0) {
                let Some(value) = figure(rated) else { continue };
                writeln!(self.0, "tandem_{name}{{{what}=\"{whose}\"}} {value}")?;
            }
        }
        Ok(())
    }

    pub(super) fn service(&mut self, queues: &[QueueView]) -> fmt::Result {
        let (target, within) = ("queue_service_level_target_ratio", "queue_service_level_within_seconds");
        self.head(target, "gauge", "How many of those offered are to be answered in time.")?;
        for queue in queues {
            let percent = f64::from(queue.service.percent) / 100.0;
            writeln!(self.0, "tandem_{target}{{queue=\"{}\"}} {percent}", queue.name)?;
        }
        self.head(within, "gauge", "How soon that is.")?;
        for queue in queues {
            let seconds = queue.service.within_ms as f64 / 1000.0;
            writeln!(self.0, "tandem_{within}{{queue=\"{}\"}} {seconds}", queue.name)?;
        }
        for (name, help, figure) in FIGURES {
            self.head(name, "gauge", help)?;
            for queue in queues {
                for (over, figures) in [("15m", &queue.service.lately), ("day", &queue.service.today)] {
                    let Some(value) = figure(figures) else { continue };
                    let queue = &queue.name;
                    writeln!(self.0, "tandem_{name}{{queue=\"{queue}\",over=\"{over}\"}} {value}")?;
                }
            }
        }
        Ok(())
    }
}
