//! Short forms of the addresses in a text message. They are kept before a provider sees them, so that each leads somewhere.

use journey::{content::Content, policies::Track, policy};
use store::Leased;

use crate::{Engine, Error, Sent, world::Loaded};

impl Engine {
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
        let Leased {
            customer, message, ..
        } = leased;
        let policies = &loaded.world.policies;
        let tracked = policy::tracked(policies, customer, &message.purpose, message.channel);
        let told = tracked.is_some_and(|track| track.contains(&Track::Clicks));
        let sent = Sent {
            customer: customer.id,
            message: message.id,
            purpose: &message.purpose,
            channel: message.channel,
        };
        let (short, links) = self.linker.shortened(&text, told, sent);
        if links.is_empty() {
            return Ok(Content::Sms { text });
        }
        let store = &self.store;
        let kept = store.keep_short(customer.id, message.id, &links, self.wall());
        let text = if kept.await? { short } else { text };
        Ok(Content::Sms { text })
    }
}
