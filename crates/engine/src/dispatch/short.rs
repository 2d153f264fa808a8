//! Addresses in messages that lead past us: the short forms of a text message, which are kept before a provider sees them, so
//! that each leads somewhere, and the taps on a notification in a browser.

use journey::{content::Content, policies::Track, policy};
use store::Leased;

use crate::{Engine, Error, Sent, world::Loaded};

impl Engine {
    /// The notification as browsers get it, where it is told who taps on it; `None`: as all others do. An app opens addresses of
    /// its own, and is not led past us.
    pub(super) fn for_browsers(
        &self,
        leased: &Leased,
        content: &Content,
        loaded: &Loaded,
    ) -> Option<Content> {
        let Content::Push(push) = content else {
            return None;
        };
        let told = self.tells_clicks(leased, loaded);
        let push = told.then(|| self.linker.tracked_push(push, sent(leased), self.wall()));
        push.flatten().map(Content::Push)
    }

    /// Whether it is told who follows the links of the message.
    fn tells_clicks(&self, leased: &Leased, loaded: &Loaded) -> bool {
        let (customer, message) = (&leased.customer, &leased.message);
        let policies = &loaded.world.policies;
        let tracked = policy::tracked(policies, customer, &message.purpose, message.channel);
        tracked.is_some_and(|track| track.contains(&Track::Clicks))
    }

    /// The content as it goes. Nothing else than text messages is changed.
    pub(super) async fn with_short_links(
        &self,
        leased: &Leased,
        content: Content,
        loaded: &Loaded,
    ) -> Result<Content, Error> {
        let Content::Sms { text } = content else {
            return Ok(content);
        };
        let told = self.tells_clicks(leased, loaded);
        let (short, links) = self.linker.shortened(&text, told, sent(leased));
        if links.is_empty() {
            return Ok(Content::Sms { text });
        }
        let store = &self.store;
        let kept = store.keep_short(leased.customer.id, leased.message.id, &links, self.wall());
        let text = if kept.await? { short } else { text };
        Ok(Content::Sms { text })
    }
}

fn sent(leased: &Leased) -> Sent<'_> {
    Sent {
        customer: leased.customer.id,
        message: leased.message.id,
        purpose: &leased.message.purpose,
        channel: leased.message.channel,
    }
}
