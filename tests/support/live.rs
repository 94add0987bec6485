//! An open page's stream: the events that the server sends to it.

use std::time::Duration;

use super::PATIENCE;
use super::client::Client;

/// An open page.
pub struct Live {
    answer: reqwest::Response,
    read: String,
}

impl Live {
    /// Opens the stream and waits until the server says the first word, so that nothing is missed afterwards.
    pub async fn open(client: &Client) -> Live {
        let answer = client.raw("/live", &[]).await;
        assert_eq!(answer.status().as_u16(), 200);
        let mut live = Live { answer, read: String::new() };
        live.next("badges", PATIENCE).await.expect("a page is told its counts first");
        live
    }

    /// The data of the next event of this name; `None` when none comes in time.
    pub async fn next(&mut self, name: &str, within: Duration) -> Option<String> {
        let search = async {
            loop {
                while let Some((event, rest)) = self.read.split_once("\n\n").map(|(e, r)| (e.to_owned(), r.to_owned()))
                {
                    self.read = rest;
                    let field = |field: &str| event.lines().find_map(|line| line.strip_prefix(field)).map(str::trim);
                    if field("event:") == Some(name) {
                        return field("data:").unwrap_or_default().to_owned();
                    }
                }
                let more = self.answer.chunk().await.unwrap().expect("the stream stays open");
                self.read.push_str(&String::from_utf8_lossy(&more));
            }
        };
        tokio::time::timeout(within, search).await.ok()
    }

    /// Whether the server ends the stream in this time.
    pub async fn ends(&mut self, within: Duration) -> bool {
        let end = async { while matches!(self.answer.chunk().await, Ok(Some(_))) {} };
        tokio::time::timeout(within, end).await.is_ok()
    }

    /// The markup of the next popup.
    pub async fn popup(&mut self) -> String {
        let data = self.next("popup", PATIENCE).await.expect("a call pops up");
        let popup: serde_json::Value = serde_json::from_str(&data).unwrap();
        popup["html"].as_str().unwrap().to_owned()
    }

    /// Holds that no call pops up.
    pub async fn no_popup(&mut self) {
        let popup = self.next("popup", Duration::from_millis(400)).await;
        assert_eq!(popup, None, "a call pops up on a page that it is not for");
    }
}
