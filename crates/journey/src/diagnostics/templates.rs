//! J6xx: templates.

super::codes! {
    /// A channel of a template lacks the default locale.
    NO_LOCALE = "J601";
    /// A file that is no part of a template, or a part written twice.
    STRANGER = "J602";
    /// A plain text without its mail.
    HALF_A_MAIL = "J603";
    /// `subject`, `title`, `body` or `text` is missing.
    NO_FIELD = "J604";
    /// Front matter that cannot be read, or an unknown or repeated key.
    FRONT_MATTER = "J605";
    /// A mistake of Jinja syntax.
    SYNTAX = "J606";
    /// `event` in a template.
    EVENT = "J607";
    /// An unknown MJML element.
    ELEMENT = "J608";
    /// A file that is too large.
    TOO_LARGE = "J609";
    /// A shared template that does not exist.
    NO_SHARED = "J610";
    /// No template of that name.
    NO_TEMPLATE = "J611";
    /// The template has no file for that channel.
    NO_CHANNEL = "J612";
    /// A name that a template needs and nothing fills.
    UNFILLED = "J613";
    /// A mail that needs consent, without a link to unsubscribe.
    NO_UNSUBSCRIBE = "J614";
    /// A field of `with` that the template never names.
    UNUSED = "J615";
    /// A text that could grow without bound.
    GROWTH = "J616";
    /// A template that no journey uses.
    UNUSED_TEMPLATE = "J617";
    /// A message that is longer than its channel carries well.
    LONG = "J618";
    /// A language that one channel of a template has, and another has not.
    NO_LANGUAGE = "J619";
    /// A `whatsapp` part without what WhatsApp needs.
    WHATSAPP = "J620";
    /// A question with more answers than WhatsApp shows.
    MANY_OFFERS = "J621";
    /// A notification that is larger than providers carry.
    HEAVY = "J622";
    /// A file that a mail shows or attaches, and that is not there.
    NO_FILE = "J623";
    /// A file that mails do not show or carry, or too many of them.
    CARRIED = "J624";
    /// A character that makes a text message cost more segments.
    COSTLY = "J625";
    /// A content source that is not declared.
    NO_SOURCE = "J626";
    /// Parameters that the source's address has not, or lacks.
    PARAMETERS = "J627";
    /// What is fetched has the name of something else.
    TAKEN_NAME = "J628";
    /// A voucher pool that is not declared.
    NO_POOL = "J629";
    /// A preheader that says what the subject says.
    REPEATED = "J630";
}
