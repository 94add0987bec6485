//! What can be set on a box from afar (`cmd/config`): names, defaults and bounds, checked alike at both ends.

/// A setting of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Setting {
    /// Messages a SIM sends in a minute at most; 0: as many as it can.
    LimitMinute,
    /// In an hour.
    LimitHour,
    /// In a day, from midnight in China.
    LimitDay,
    /// Marketing is held from this time of day on, minutes after midnight in China; equal to the end: never held.
    QuietFrom,
    /// Until this time of day.
    QuietUntil,
    /// The code that asks for the balance, such as `*100#`; empty: not asked.
    BalanceCode,
    /// How often it is asked, hours.
    BalanceHours,
    /// How long an analog line may be quiet before the ringing counts as ended, milliseconds.
    RingEnd,
    /// Messages are stored with +CMGW and sent with +CMSS, where the kind of modem was proven for it.
    StoreFirst,
}

/// Why a value is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// This agent does not know the name.
    #[error("unknown setting {0}")]
    Unknown(String),
    /// Not a number in the bounds.
    #[error("{name}: {least} to {most}")]
    Bounds {
        /// The setting.
        name: &'static str,
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// Neither empty nor of `*`, `#` and digits.
    #[error("{0}: only digits, * and #")]
    Code(&'static str),
}

enum Kind {
    Number { least: i64, most: i64 },
    Code,
}

impl Setting {
    /// Every setting, in the order of a page.
    pub const ALL: [Setting; 9] = [
        Setting::LimitMinute,
        Setting::LimitHour,
        Setting::LimitDay,
        Setting::QuietFrom,
        Setting::QuietUntil,
        Setting::BalanceCode,
        Setting::BalanceHours,
        Setting::RingEnd,
        Setting::StoreFirst,
    ];

    /// Its name on the wire and in the box's file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Setting::LimitMinute => "limit_minute",
            Setting::LimitHour => "limit_hour",
            Setting::LimitDay => "limit_day",
            Setting::QuietFrom => "quiet_from",
            Setting::QuietUntil => "quiet_until",
            Setting::BalanceCode => "balance_code",
            Setting::BalanceHours => "balance_hours",
            Setting::RingEnd => "ring_end_ms",
            Setting::StoreFirst => "store_first",
        }
    }

    /// What holds until somebody sets it.
    #[must_use]
    pub fn default_value(self) -> &'static str {
        match self {
            // What a SIM may send is a matter of its contract, which only the office knows.
            Setting::LimitMinute | Setting::LimitHour | Setting::LimitDay => "0",
            Setting::QuietFrom => "1260",
            Setting::QuietUntil => "480",
            Setting::BalanceCode => "",
            Setting::BalanceHours => "24",
            Setting::RingEnd => "7000",
            Setting::StoreFirst => "0",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Setting::LimitMinute => Kind::Number { least: 0, most: 600 },
            Setting::LimitHour => Kind::Number { least: 0, most: 36_000 },
            Setting::LimitDay => Kind::Number { least: 0, most: 100_000 },
            Setting::QuietFrom | Setting::QuietUntil => Kind::Number { least: 0, most: 1439 },
            Setting::BalanceCode => Kind::Code,
            Setting::BalanceHours => Kind::Number { least: 1, most: 720 },
            Setting::RingEnd => Kind::Number { least: 4_000, most: 15_000 },
            Setting::StoreFirst => Kind::Number { least: 0, most: 1 },
        }
    }

    /// The setting of a name.
    ///
    /// # Errors
    /// [`BadSetting::Unknown`].
    pub fn named(word: &str) -> Result<Setting, BadSetting> {
        Setting::ALL
            .into_iter()
            .find(|setting| setting.word() == word)
            .ok_or_else(|| BadSetting::Unknown(word.to_owned()))
    }

    /// Whether a value may be set.
    ///
    /// # Errors
    /// [`BadSetting`], with the bounds.
    pub fn check(self, value: &str) -> Result<(), BadSetting> {
        match self.kind() {
            Kind::Number { least, most } => match value.parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(()),
                Ok(_) | Err(_) => Err(BadSetting::Bounds { name: self.word(), least, most }),
            },
            Kind::Code => {
                let fits = value.len() <= 32 && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'));
                if fits { Ok(()) } else { Err(BadSetting::Code(self.word())) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BadSetting, Setting};

    #[test]
    fn every_default_may_be_set_and_every_name_reads_back() {
        for setting in Setting::ALL {
            assert_eq!(setting.check(setting.default_value()), Ok(()), "{}", setting.word());
            assert_eq!(Setting::named(setting.word()), Ok(setting));
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_the_bounds() {
        for (setting, value) in [
            (Setting::LimitMinute, "601"),
            (Setting::LimitMinute, "-1"),
            (Setting::LimitDay, "100001"),
            (Setting::QuietFrom, "24:00"),
            (Setting::RingEnd, ""),
            (Setting::StoreFirst, "2"),
            (Setting::BalanceCode, "AT+CFUN=0"),
            (Setting::BalanceCode, "*100#\r"),
        ] {
            assert!(setting.check(value).is_err(), "{} {value}", setting.word());
        }
        assert_eq!(Setting::named("limit"), Err(BadSetting::Unknown("limit".to_owned())));
        assert_eq!(Setting::LimitMinute.check("many").unwrap_err().to_string(), "limit_minute: 0 to 600");
    }
}
