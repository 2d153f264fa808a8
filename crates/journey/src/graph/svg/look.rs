//! Colours, type and icons.

use crate::graph::Kind;

/// The style sheet. Every name begins with `pg-`, so that it can stand in a page with others.
/// Where a program does not know properties, the colour before each holds.
pub(super) const STYLE: &str = "
.parcours-graph{--pg-paper:#fff;--pg-card:#fff;--pg-line:#c9ced8;--pg-ink:#1b2230;--pg-soft:#5a6475;--pg-arrow:#8b94a5;--pg-panel:#f6f7f9;
--pg-enter:#0b7a52;--pg-wait:#9a6200;--pg-choose:#6544d6;--pg-send:#1a63d8;--pg-call:#0b7285;--pg-set:#4d5868;--pg-exit:#bd2f45;--pg-end:#4d5868;
max-width:1%;height:auto;font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif}
@media (prefers-color-scheme:dark){.parcours-graph{--pg-paper:#12151b;--pg-card:#1b2029;--pg-line:#3a4251;--pg-ink:#e8ecf3;--pg-soft:#a3adbd;--pg-arrow:#727d90;--pg-panel:#181c24;
--pg-enter:#45cf98;--pg-wait:#eeb24e;--pg-choose:#ab97ff;--pg-send:#74b0ff;--pg-call:#56c7d6;--pg-set:#a9b5c6;--pg-exit:#ff8796;--pg-end:#a9b5c6}}
.pg-paper{fill:#fff;fill:var(--pg-paper)}
.pg-title{font-size:19px;font-weight:700;fill:#1b2230;fill:var(--pg-ink)}
.pg-journey,.pg-id,.pg-reason{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace}
.pg-journey{font-size:11.5px;fill:#5a6475;fill:var(--pg-soft)}
.pg-panel{fill:#f6f7f9;fill:var(--pg-panel);stroke:#c9ced8;stroke:var(--pg-line);stroke-dasharray:4 3}
.pg-about{font-size:10.5px;font-weight:700;letter-spacing:.02em;fill:#5a6475;fill:var(--pg-soft)}
.pg-rule{font-size:11.5px;fill:#1b2230;fill:var(--pg-ink)}
.pg-reason{font-size:11px;fill:#bd2f45;fill:var(--pg-exit)}
.pg-arrow{fill:none;stroke:#8b94a5;stroke:var(--pg-arrow);stroke-width:1.5}
.pg-back{stroke-dasharray:5 4}
.pg-tip{fill:#8b94a5;fill:var(--pg-arrow)}
.pg-word-back{fill:#fff;fill:var(--pg-paper)}
.pg-word{font-size:11px;text-anchor:middle;fill:#5a6475;fill:var(--pg-soft)}
.pg-enter{color:#0b7a52;color:var(--pg-enter)}
.pg-wait,.pg-wait_for{color:#9a6200;color:var(--pg-wait)}
.pg-choose,.pg-split,.pg-repeat{color:#6544d6;color:var(--pg-choose)}
.pg-send,.pg-ask{color:#1a63d8;color:var(--pg-send)}
.pg-call,.pg-hand_over{color:#0b7285;color:var(--pg-call)}
.pg-set,.pg-emit,.pg-start,.pg-stop,.pg-use{color:#4d5868;color:var(--pg-set)}
.pg-exit{color:#bd2f45;color:var(--pg-exit)}
.pg-end{color:#4d5868;color:var(--pg-end)}
.pg-card{fill:#fff;fill:var(--pg-card);stroke:currentColor;stroke-opacity:.55;stroke-width:1.2}
.pg-strip{fill:currentColor;fill-opacity:.13}
.pg-icon{fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.pg-name{font-size:13px;font-weight:700;fill:#1b2230;fill:var(--pg-ink)}
.pg-id{font-size:10.5px;fill:currentColor}
.pg-more{font-size:11px;fill:#5a6475;fill:var(--pg-soft)}
";

/// An icon as a path of strokes in 16 by 16 pixels.
pub(super) fn icon(kind: Kind) -> &'static str {
    match kind {
        Kind::Enter => "M2 8h8M7 4.5L10.5 8 7 11.5M13.5 3v10",
        Kind::Wait => "M8 2a6 6 0 1 0 0 12 6 6 0 1 0 0-12M8 4.8V8l2.3 1.6",
        Kind::WaitFor => {
            "M4 2.5h8M4 13.5h8M5 2.5v2C5 6.3 8 7 8 8s-3 1.7-3 3.5v2M11 2.5v2C11 6.3 8 7 8 8s3 1.7 3 3.5v2"
        }
        Kind::Choose => "M8 1.8L14.2 8 8 14.2 1.8 8z",
        Kind::Split => "M8 14V9.5L3.5 4M8 9.5L12.5 4M3.3 7.3V3.8h3.5M12.7 7.3V3.8H9.2",
        Kind::Send => "M2 3.8h12v8.6H2zM2.4 4.3L8 9l5.6-4.7",
        Kind::Ask => "M2 3h12v8H8l-3.2 2.8V11H2zM6.6 5.9a1.5 1.3 0 1 1 2 1.2l-.6.4M8 9.2v.1",
        Kind::Call => "M10 3.2h3.5V13H10M2.5 8h7M7 5.3L9.7 8 7 10.7",
        Kind::HandOver => {
            "M8 2.2a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 1 0 0-5.2M2.8 14c.3-3 2.4-4.6 5.2-4.6s4.9 1.6 5.2 4.6"
        }
        Kind::Repeat => {
            "M13 6.2A5.4 5.4 0 0 0 3 6.3M13 2.6v3.6H9.4M3 9.8a5.4 5.4 0 0 0 10-.1M3 13.4V9.8h3.6"
        }
        Kind::Emit => "M3 13L13 3M6.5 3H13v6.5",
        Kind::Start => "M4 2.8v10.4L13 8z",
        Kind::Stop => "M3.5 3.5h9v9h-9z",
        Kind::Use => "M3 2.5h7l3 3v8H3zM9.7 2.8V6h3",
        Kind::Set => "M2.5 5h11M2.5 11h11M6 3v4M10.5 9v4",
        Kind::Exit => "M9 2.5H3v11h6M6.5 8h7.5M11.3 5.3L14 8l-2.7 2.7",
        Kind::End => "M3 8.5L6.5 12 13 4.5",
    }
}
