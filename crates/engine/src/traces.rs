//! Traces: one from the producer's event through intake and turn to the provider's request.
//!
//! A step of a trace is handed on as a W3C `traceparent`: over HTTP and AMQP in the header of that name, between
//! decision and dispatch in the message's row. Whether anything is recorded is up to the tracer that the binary
//! gives; without one nothing is read, kept or sent on. `tracestate` is not kept.

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use journey::{
    ids::{CustomerId, InputId},
    input::InputKind,
};

use opentelemetry::{
    Context, KeyValue,
    global::BoxedSpan,
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags,
        TraceId, TraceState, Tracer as _,
    },
};
pub use opentelemetry::{global::BoxedTracer, trace::SpanKind};
use store::Arrival;

/// Makes the steps of traces; by default none. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<BoxedTracer>>);

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_on() { "on" } else { "off" })
    }
}

impl Traces {
    /// Records with that tracer.
    pub fn new(tracer: BoxedTracer) -> Self {
        Self(Some(Arc::new(tracer)))
    }

    /// Whether anything is recorded at all.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A step that begins now, below `parent` (a `traceparent`), or as the first of a trace of its own if the
    /// sampler wants one. `None`: there is nothing to record or to hand on.
    pub fn begin(&self, name: &'static str, kind: SpanKind, parent: Option<&str>) -> Option<Step> {
        self.begin_at(name, kind, parent, SystemTime::now())
    }

    /// The step of an event that is taken in.
    pub fn take_in(&self, arrival: &Arrival, parent: Option<&str>) -> Option<Step> {
        let mut step = self.begin("parcours take in", SpanKind::Consumer, parent)?;
        if let InputKind::Event(event) = &arrival.input.kind {
            step.note("parcours.event", &event.name);
        }
        Some(step)
    }

    /// [`Traces::begin`] for a step that began at that moment.
    pub fn begin_at(
        &self,
        name: &'static str,
        kind: SpanKind,
        parent: Option<&str>,
        at: SystemTime,
    ) -> Option<Step> {
        let tracer = self.0.as_ref()?;
        let parent = parent.and_then(parse);
        let below = match &parent {
            Some(parent) => Context::new().with_remote_span_context(parent.clone()),
            None => Context::new(),
        };
        let builder = SpanBuilder::from_name(name)
            .with_kind(kind)
            .with_start_time(at);
        let span = tracer.build_with_context(builder, &below);
        let context = span.span_context();
        // A parent that is not sampled is handed on all the same: that it is not is said by its flag.
        let counts = context.is_valid() && (context.is_sampled() || parent.is_some());
        counts.then_some(Step { span })
    }
}

/// Inputs of a batch that belong to traces, each with its step: those that their turns are below.
pub type Traced = BTreeMap<(CustomerId, InputId), Step>;

/// One step of a trace; it ends when it is dropped.
pub struct Step {
    span: BoxedSpan,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())
    }
}

impl Step {
    /// What whoever comes after this step is told.
    pub fn traceparent(&self) -> String {
        let context = self.span.span_context();
        let flags = context.trace_flags().to_u8() & TraceFlags::SAMPLED.to_u8();
        format!(
            "00-{}-{}-{flags:02x}",
            context.trace_id(),
            context.span_id()
        )
    }

    /// Notes something of it: nothing of a customer but ids that are hashes.
    pub fn note(&mut self, name: &'static str, value: impl fmt::Display) {
        if self.span.is_recording() {
            self.span
                .set_attribute(KeyValue::new(name, value.to_string()));
        }
    }

    /// It went wrong.
    pub fn failed(&mut self, why: &'static str) {
        self.span.set_status(Status::error(why));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.span.end();
    }
}

/// `00-TRACE-SPAN-FLAGS` in lower-case hexadecimal digits; later versions may add to it.
/// <https://www.w3.org/TR/trace-context/#traceparent-header>
fn parse(text: &str) -> Option<SpanContext> {
    let text = text.trim();
    let mut parts = text.split('-');
    let (version, trace) = (hex(parts.next()?, 2)?, hex(parts.next()?, 32)?);
    let (span, flags) = (hex(parts.next()?, 16)?, hex(parts.next()?, 2)?);
    if version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        flags,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

fn hex(part: &str, digits: usize) -> Option<&str> {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (part.len() == digits && part.bytes().all(lower)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::{SpanKind, Traces, parse};

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_read_as_the_standard_says() {
        let context = parse(GOOD).unwrap();
        assert_eq!(
            context.trace_id().to_string(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(context.span_id().to_string(), "b7ad6b7169203331");
        assert!(context.is_sampled() && context.is_remote());
        let off = GOOD.replace("-01", "-00");
        assert!(!parse(&off).unwrap().is_sampled());
        // A later version may say more.
        let later = GOOD.replacen("00-", "cc-", 1) + "-what-else";
        assert!(parse(&later).is_some());
        for bad in [
            "",
            "00",
            "ana@example.com",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c8031-b7ad6b7169203331-01",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn without_a_tracer_there_are_no_steps() {
        let traces = Traces::default();
        assert!(
            traces
                .begin("turn", SpanKind::Internal, Some(GOOD))
                .is_none()
        );
    }
}
