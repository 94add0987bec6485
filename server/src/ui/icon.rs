//! Icons.
use maud::{Markup, html};
/// An icon.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Home,
    Customers,
    Visits,
    Approvals,
    Me,
    Back,
    Plus,
    Search,
    Phone,
    Sms,
    Navigate,
    Order,
    Payment,
    Stock,
    Request,
    Bell,
    Task,
    Camera,
    Location,
    Calendar,
    Product,
    Contact,
    Clock,
    Check,
    Close,
    More,
    Chart,
    Settings,
    Box,
    Call,
    Missed,
    Announce,
    Expense,
    Attendance,
    Quote,
    Edit,
    Delete,
    Share,
    Download,
    Filter,
    Logout,
    Globe,
    User,
    Warning,
    Offline,
}
impl Icon {
    /// Inline SVG.
    #[must_use]
    pub fn markup(self) -> Markup {
        html! { svg aria-hidden="true" viewBox="0 0 24 24" { circle cx="12" cy="12" r="8" {} } }
    }
}
