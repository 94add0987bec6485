//! The `op_id` of a form: it keeps the form from being done twice, and shows whose page it stands on.

use super::{Cx, Guest};
use crate::kernel::id::Id;

impl Guest {
    /// An `op_id` that shows by whom it was given out: a UUIDv7, a dot, and a MAC over it and the session.
    fn token(&self, session: &str) -> String {
        let op = uuid::Uuid::now_v7().to_string();
        let mac = self.office.seal.mac(&[b"form", session.as_bytes(), op.as_bytes()]);
        format!("{op}.{mac}")
    }

    pub(super) fn is_token(&self, session: &str, token: &str) -> bool {
        let (op, rest) = token.split_once('.').unwrap_or_default();
        let mac = rest.split('.').next().unwrap_or_default();
        !op.is_empty() && self.office.seal.is_mac(&[b"form", session.as_bytes(), op.as_bytes()], mac)
    }

    /// Whose page a token stands on. This holds when the session is gone, so that a form that comes too late finds
    /// its writer.
    pub(in crate::web) fn owner_of(&self, token: &str) -> Option<Id> {
        let mut pieces = token.split('.');
        let (op, _, owner, mac) = (pieces.next()?, pieces.next()?, pieces.next()?, pieces.next()?);
        let known = self.office.seal.is_mac(&[b"owner", owner.as_bytes(), op.as_bytes()], mac);
        if known { owner.parse().ok() } else { None }
    }

    /// A new `op_id` for a form on a page for anybody.
    #[must_use]
    pub fn op_id(&self) -> String {
        self.token("")
    }
}

impl Cx {
    /// A new `op_id` for a form: that of the session, with the person's id and a MAC over it.
    #[must_use]
    pub fn op_id(&self) -> String {
        let token = self.token(&self.session.id);
        let op = token.split('.').next().unwrap_or_default();
        let owner = self.actor().id.to_string();
        let mac = self.office.seal.mac(&[b"owner", owner.as_bytes(), op.as_bytes()]);
        format!("{token}.{owner}.{mac}")
    }
}
