//! The complete sites that come with Tandem: `tandem init` writes one out, `examples/` shows them, and both are the
//! same files.

/// The size of a company.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// 5 to 20 seats, under 500 calls a day.
    #[default]
    Small,
    /// 20 to 100 seats, up to 2,000 calls a day.
    Medium,
    /// More than 100 seats, over 2,000 calls a day.
    Large,
}

type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($size:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../examples/", $size, "/", $name)))),*]
    };
}

const SMALL: Files = files!("small": "site.yaml", "numbers.yaml", "people.yaml", "hours.yaml", "queues.yaml",
    "routing.yaml", "alerts.yaml", "trunks.yaml", "dialing.yaml", "flows/welcome.yaml", "flows/night.yaml", "flows/desk.yaml",
    "flows/desk.test.yaml", "flows/after_sales.yaml",
    "flows/after_sales.test.yaml", "flows/operator.yaml", "flows/operator.test.yaml", "flows/appointment.yaml",
    "flows/appointment.test.yaml", "language/after_sales.yaml", "language/operator.yaml", "language/appointment.yaml");
const MEDIUM: Files = files!("medium": "site.yaml", "numbers.yaml", "people.yaml", "hours.yaml", "queues.yaml",
    "trunks.yaml", "dialing.yaml", "flows/welcome.yaml", "flows/hotline.yaml", "flows/night.yaml");
const LARGE: Files = files!("large": "site.yaml", "numbers.yaml", "people.yaml", "hours.yaml", "queues.yaml",
    "trunks.yaml", "dialing.yaml", "flows/welcome.yaml", "flows/claims.yaml", "flows/partners.yaml", "flows/night.yaml");

impl Profile {
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The name of its folder in `examples/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// On which level of menus the deepest may be; a small company's callers shall not be led around.
    pub(super) fn deepest_menu(self) -> Option<usize> {
        (self == Self::Small).then_some(2)
    }

    /// Names below the site's folder, and contents.
    pub fn files(self) -> Files {
        match self {
            Self::Small => SMALL,
            Self::Medium => MEDIUM,
            Self::Large => LARGE,
        }
    }
}
