//! What the tests and the benchmark use of the server, at the paths where it stands; nothing else is public.

#![allow(missing_docs)]

pub mod app {
    pub use crate::app::{Running, routes, run, start, start_with, work_once};
}
pub mod approvals {
    pub use crate::approvals::settle_stuck;
}
pub mod config {
    pub use crate::config::{Cli, Config};
}
pub mod contacts {
    pub use crate::contacts::{NewContact, create};
}
pub mod customers {
    pub use crate::customers::{NewCustomer, create, kept};
}
pub mod demo {
    pub use crate::demo::fill;
}
pub mod documents {
    pub use crate::documents::{State, submit_for};
}
pub mod events {
    pub use crate::events::{Event, raise, raise_later};
}
pub mod gateways {
    pub use crate::gateways::{Claim, claim_directly, welcome};
}
pub mod kernel {
    pub use crate::kernel::Office;
    pub mod access {
        pub use crate::kernel::access::{Gate, Role};
    }
    pub mod address {
        pub use crate::kernel::address::local;
    }
    pub mod audit {
        pub use crate::kernel::audit::Author;
    }
    pub mod background {
        pub use crate::kernel::background::housekeeping;
    }
    pub mod china {
        pub mod phone {
            pub use crate::kernel::china::phone::{Line, Phone};
        }
    }
    pub mod clock {
        pub use crate::kernel::clock::{Clock, DAY, HOUR, MINUTE, Millis, iso_day, parse_day, start_of};
    }
    pub mod db {
        pub use crate::kernel::db::{Arg, Db, DbError, Hold, Migration, Query, Record, Tx, migrate, sql};
    }
    pub mod i18n {
        pub use crate::kernel::i18n::Lang;
    }
    pub mod id {
        pub use crate::kernel::id::Id;
    }
    pub mod live {
        pub mod sse {
            pub use crate::kernel::live::sse::Live;
        }
    }
    pub mod money {
        pub use crate::kernel::money::{Fen, Milli};
    }
    pub mod search {
        pub use crate::kernel::search::{PIECES, Pieces, Place, SearchEntry, initials};
    }
}
pub mod lines {
    pub use crate::lines::{Discount, NewLine};
    pub mod sheet {
        pub use crate::lines::sheet::{NewSheet, create};
    }
}
pub mod migrations {
    pub use crate::migrations::ALL;
}
pub mod modules {
    pub use crate::modules::rights;
}
pub mod orders {
    pub use crate::orders::{Order, Terms};
}
pub mod reactions {
    pub use crate::reactions::after;
}
pub mod users {
    pub use crate::users::{NewUser, insert_department, insert_user, restore};
}
pub mod web {
    pub mod error {
        pub use crate::web::error::{PASSWORD_FIELDS, see_other};
    }
    pub mod routes {
        pub use crate::web::routes::Entry;
    }
}
