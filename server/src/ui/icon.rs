//! Line icons, drawn for this product on a 24 × 24 grid and inlined where they stand: no icon font, no request.

use maud::{Markup, PreEscaped};

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident => $shape:literal,)+) => {
        /// An icon. It always stands beside a word, so it is hidden from screen readers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Icon { $($(#[$doc])* $name,)+ }

        impl Icon {
            /// Every icon, for the gallery.
            pub const ALL: &'static [Icon] = &[$(Icon::$name),+];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Icon::$name => stringify!($name),)+ }
            }

            /// The icon as a picture in a style sheet: a mask for the colour of the text.
            #[must_use]
            pub fn mask(self) -> &'static str {
                match self {
                    $(Icon::$name => concat!(
                        "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23000' \
                         stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='", $shape, "'/%3E%3C/svg%3E\")"
                    ),)+
                }
            }

            /// The icon as inline SVG in the colour of the text around it.
            #[must_use]
            pub fn markup(self) -> Markup {
                PreEscaped(
                    match self {
                        $(Icon::$name => concat!(r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d=""#, $shape, r#""/></svg>"#),)+
                    }
                    .to_owned(),
                )
            }
        }
    };
}

icons! {
    /// The workbench 工作台.
    Home => "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
    /// Customers 客户.
    Customers => "M9 11.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM3 20c0-4 3-6 6-6s6 2 6 6M16 5a3.5 3.5 0 010 6.5M17.5 14.5c2.5.7 3.5 3 3.5 5.5",
    /// Visits 拜访.
    Visits => "M12 21s7-6 7-11a7 7 0 10-14 0c0 5 7 11 7 11zM12 12.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5z",
    /// Approvals 审批.
    Approvals => "M5 4h14v16H5zM9 12l2 2 4-5",
    /// One's own pages 我.
    Me => "M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-5 4-7 8-7s8 2 8 7",
    /// Back to the page above.
    Back => "M15 5l-7 7 7 7",
    /// New record.
    Plus => "M12 5v14M5 12h14",
    /// Search.
    Search => "M11 17a6 6 0 100-12 6 6 0 000 12zM15.5 15.5L20 20",
    /// Dial.
    Phone => "M5 4h4l2 5-3 2c1 3 3 5 6 6l2-3 5 2v4c-9 1-17-7-16-16z",
    /// Text message.
    Sms => "M4 5h16v11H9l-5 4zM8 9.5h8M8 12.5h5",
    /// Way there on a map.
    Navigate => "M3 11l18-8-8 18-2-8z",
    /// Order 订单.
    Order => "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    /// Payment 回款.
    Payment => "M4 6h16v12H4zM4 10h16M8 14.5h3",
    /// Stock 库存.
    Stock => "M4 8l8-4 8 4v9l-8 4-8-4zM4 8l8 4 8-4M12 12v9",
    /// Request 请示.
    Request => "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h4",
    /// Notices.
    Bell => "M6 16v-5a6 6 0 0112 0v5l2 2H4zM10 21h4",
    /// Task 待办.
    Task => "M4 6l1.5 1.5L8 5M4 12l1.5 1.5L8 11M4 18l1.5 1.5L8 17M11 6.5h9M11 12.5h9M11 18.5h9",
    /// Camera.
    Camera => "M3 8h4l2-3h6l2 3h4v11H3zM12 16.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7z",
    /// A fix on the map.
    Location => "M12 19a7 7 0 100-14 7 7 0 000 14zM12 2v4M12 18v4M2 12h4M18 12h4M12 13a1 1 0 100-2 1 1 0 000 2z",
    /// Calendar 日程.
    Calendar => "M4 6h16v14H4zM4 10.5h16M8 3v5M16 3v5",
    /// Product 产品.
    Product => "M12 3l8 4.5v9L12 21l-8-4.5v-9zM8 5.5l8 4.5M12 12v9M12 12l8-4.5M12 12L4 7.5",
    /// Contact 联系人.
    Contact => "M5 3h14v18H5zM12 11.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM8 17c.5-2.3 2-3.2 4-3.2s3.5.9 4 3.2",
    /// Time.
    Clock => "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3.5 2",
    /// Done, agreed.
    Check => "M5 12.5l4.5 4.5L19 7.5",
    /// Close.
    Close => "M6 6l12 12M18 6L6 18",
    /// More.
    More => "M5 12h.01M12 12h.01M19 12h.01",
    /// Statistics 统计.
    Chart => "M4 20h16M7 20v-7M12 20V5M17 20v-10",
    /// Settings.
    Settings => "M4 7h9M19 7h1M16 9a2 2 0 100-4 2 2 0 000 4zM4 17h1M11 17h9M8 19a2 2 0 100-4 2 2 0 000 4z",
    /// The modem box 网关.
    Box => "M3 13h18v7H3zM7 16.5h.01M11 16.5h6M8 9a6 6 0 018 0M5 6a10 10 0 0114 0",
    /// Incoming call 来电.
    Call => "M5 4h4l2 5-3 2c1 3 3 5 6 6l2-3 5 2v4c-9 1-17-7-16-16zM20 4l-5 5M15 5v4h4",
    /// Missed call 未接.
    Missed => "M5 10c4-4 10-4 14 0l2 2-3 3-3-2v-2.5c-2-.7-4-.7-6 0V13l-3 2-3-3zM9 21l3-3 3 3M8 3l4 3 4-3",
    /// Announcement 公告.
    Announce => "M4 10v5h3l8 4V6l-8 4zM18 9.5c1.5 1.5 1.5 4.5 0 6M8 15l1 5h2",
    /// Expense 费用.
    Expense => "M12 21a9 9 0 100-18 9 9 0 000 18zM9 7.5l3 4 3-4M12 11.5V17M9.5 12h5M9.5 14.5h5",
    /// Attendance 考勤.
    Attendance => "M12 21a8 8 0 100-16 8 8 0 000 16zM12 9v4l2.5 1.5M5 4L3 6M19 4l2 2",
    /// Quote 报价.
    Quote => "M4 12V4h8l8 8-8 8zM8.5 8.5h.01",
    /// Edit.
    Edit => "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    /// Delete.
    Delete => "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
    /// Share 共享.
    Share => "M8 12l8-5M8 12l8 5M6 14.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM18 8.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM18 20.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5z",
    /// Download, export.
    Download => "M12 4v11M7 11l5 5 5-5M5 20h14",
    /// Upload, import.
    Upload => "M12 16V5M7 9l5-5 5 5M5 20h14",
    /// Filter.
    Filter => "M4 6h16M7 12h10M10 18h4",
    /// Sign out.
    Logout => "M14 4H5v16h9M10 12h10M17 8.5l3.5 3.5-3.5 3.5",
    /// Language.
    Globe => "M12 21a9 9 0 100-18 9 9 0 000 18zM3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18",
    /// A person.
    User => "M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-5 4-7 8-7s8 2 8 7",
    /// Something needs attention.
    Warning => "M12 4l9 16H3zM12 10v5M12 17.5h.01",
    /// No network.
    Offline => "M3 3l18 18M8.5 15.5a5 5 0 017 0M5 12a10 10 0 014-2.4M19 12a10 10 0 00-5-2.7M2 8.5A15 15 0 016 6M22 8.5a15 15 0 00-11-4M12 19h.01",
    /// On to the page below.
    Forward => "M9 5l7 7-7 7",
    /// Again, repeat.
    Repeat => "M4 12a8 8 0 0114-5.3L20 9M20 4v5h-5M20 12a8 8 0 01-14 5.3L4 15M4 20v-5h5",
    /// Delivery 发货.
    Delivery => "M2 6h12v10H2zM14 10h4l4 3v3h-8M7 19a2 2 0 100-4 2 2 0 000 4zM17 19a2 2 0 100-4 2 2 0 000 4z",
    /// After-sales service 服务.
    Service => "M14 6a4.5 4.5 0 015.5-1l-3 3 .5 2 2 .5 3-3A4.5 4.5 0 0116 12L8 20a2.1 2.1 0 01-3-3l8-8a4.5 4.5 0 011-3z",
    /// Opportunity 销售机会.
    Opportunity => "M4 18l5-6 4 3 7-9M15 6h5v5",
    /// A plan of steps 方案.
    Plan => "M5 6h4v4H5zM15 14h4v4h-4zM9 8h6a2 2 0 012 2v4M7 10v8h8",
    /// Ledger 账簿.
    Ledger => "M6 3h13v18H6a2 2 0 01-2-2V5a2 2 0 012-2zM8 3v18M11.5 8h4M11.5 12h4",
    /// The mall 商城.
    Mall => "M4 9l1.5-5h13L20 9M5 9v11h14V9M4 9a2.7 2.7 0 005.3 0 2.7 2.7 0 005.3 0A2.7 2.7 0 0020 9M9.5 20v-5h5v5",
    /// Locked, safety.
    Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3M12 14.5v2",
    /// Print.
    Print => "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
    /// Help, knowledge base.
    Help => "M12 21a9 9 0 100-18 9 9 0 000 18zM9.5 9.5a2.5 2.5 0 113.6 2.2c-.7.4-1.1.9-1.1 1.8M12 16.5h.01",
    /// Waiting to be sent 待发送.
    Outbox => "M4 13l3-8h10l3 8v6H4zM4 13h5l1 2h4l1-2h5M12 11V7M10 8.5l2-2 2 2",
    /// Scan a barcode.
    Scan => "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 8v8M12 8v8M16 8v8",
}
