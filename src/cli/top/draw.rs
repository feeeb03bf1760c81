//! The view drawn on a terminal of any size: the table of nodes, below it as many panes as there is room for. Whatever a
//! colour says, a word says too.

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::{Clear, Paragraph};

use super::model::Model;
use super::panes::{Pane, headline, of_node};
use super::rows::Mood;
use super::text::{cut, table, width};
use super::view::{KEYS, View};

/// From these on panes stand beside each other, and in two rows.
const WIDE: u16 = 90;
const HIGH: u16 = 14;

/// How things look.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    pub colours: bool,
}

impl Theme {
    fn of_mood(self, mood: Mood) -> Style {
        let coloured = |colour| match self.colours {
            true => Style::new().fg(colour),
            false => Style::new(),
        };
        match mood {
            Mood::Good => Style::new(),
            Mood::Watch => coloured(Color::Yellow),
            Mood::Bad => coloured(Color::Red).add_modifier(Modifier::BOLD),
        }
    }
}

/// Draws all of it. The view's scrolling is brought back to what there is.
pub fn draw(
    frame: &mut Frame,
    model: &Model,
    view: &mut View,
    now: Instant,
    clock: &str,
    theme: Theme,
) {
    let area = frame.area();
    view.node = view.node.min(model.nodes.len().saturating_sub(1));
    let (head, rest) = split(area, u16::from(area.height >= 3));
    let foot_at = rest.height.saturating_sub(u16::from(area.height >= 8));
    let (body, foot) = split(rest, foot_at);
    draw_head(frame, head, model, view, clock);
    draw_body(frame, body, model, view, now, theme);
    let keys = " q quit  ↑↓ node  Tab pane  PgUp/PgDn scroll  p pause  ? keys";
    let keys = Span::styled(cut(keys, foot.width.into()), Modifier::DIM);
    frame.render_widget(Paragraph::new(Text::from(keys)), foot);
    if view.help {
        draw_help(frame, area);
    }
}

/// The first `height` lines of an area, and what is below.
fn split(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let above = Rect { height, ..area };
    let below = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    (above, below)
}

fn draw_head(frame: &mut Frame, area: Rect, model: &Model, view: &View, clock: &str) {
    let room = usize::from(area.width);
    let paused = if view.paused { "PAUSED " } else { "" };
    let said = headline(model, model.nodes.get(view.node));
    let mut text = cut(&format!("{paused}bcoin top · {said}"), room);
    let blanks = room.saturating_sub(width(&text) + clock.len());
    if blanks > 1 {
        text = format!("{text}{}{clock}", " ".repeat(blanks));
    }
    let line = Text::styled(text, Modifier::BOLD);
    frame.render_widget(Paragraph::new(line), area);
}

fn draw_body(
    frame: &mut Frame,
    area: Rect,
    model: &Model,
    view: &mut View,
    now: Instant,
    theme: Theme,
) {
    let (names, rows) = table(model, now, area.width.into());
    let wanted = u16::try_from(rows.len() + 1).unwrap_or(u16::MAX);
    // At least the chosen node stays to be seen, and half of the place is for the panes.
    let height = if area.height < 5 {
        area.height
    } else {
        wanted.min(area.height / 2)
    };
    let (top, mut rest) = split(area, height.min(wanted));
    let (head, list) = split(top, u16::from(top.height > 1));
    frame.render_widget(Paragraph::new(Text::styled(names, Modifier::BOLD)), head);
    let room = usize::from(list.height);
    let first = (view.node + 1).saturating_sub(room);
    let shown = rows.into_iter().enumerate().skip(first).take(room);
    let lines = shown.map(|(at, (text, mood))| {
        let style = theme.of_mood(mood);
        match at == view.node {
            true => Text::styled(
                format!(">{}", text.get(1..).unwrap_or_default()),
                style.add_modifier(Modifier::REVERSED),
            ),
            false => Text::styled(text, style),
        }
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<Text>>()), list);
    if let Some(node) = model.nodes.get(view.node).filter(|_| rest.height >= 6) {
        let (line, below) = split(rest, 1);
        let text = cut(&format!("  {}", of_node(node)), line.width.into());
        frame.render_widget(Paragraph::new(Text::styled(text, Modifier::DIM)), line);
        rest = below;
    }
    draw_panes(frame, rest, model, view);
}

fn draw_panes(frame: &mut Frame, area: Rect, model: &Model, view: &mut View) {
    if area.height < 2 {
        return;
    }
    if area.width < WIDE {
        return draw_pane(frame, area, model, view, view.pane);
    }
    let (left, right) = (area.width / 2, area.width - area.width / 2 - 1);
    let left = Rect {
        width: left,
        ..area
    };
    let right = Rect {
        x: area.right() - right,
        width: right,
        ..area
    };
    if area.height < HIGH {
        let beside = match view.pane {
            Pane::Tree => Pane::Blocks,
            chosen => chosen,
        };
        draw_pane(frame, left, model, view, Pane::Tree);
        return draw_pane(frame, right, model, view, beside);
    }
    for (side, panes) in [
        (left, [Pane::Tree, Pane::Events]),
        (right, [Pane::Blocks, Pane::Waiting]),
    ] {
        let (above, below) = split(side, side.height / 2);
        for (place, pane) in [above, below].into_iter().zip(panes) {
            draw_pane(frame, place, model, view, pane);
        }
    }
}

fn draw_pane(frame: &mut Frame, area: Rect, model: &Model, view: &mut View, pane: Pane) {
    let node = model.nodes.get(view.node);
    let chosen = pane == view.pane;
    let (head, inside) = split(area, 1);
    let room = usize::from(inside.height);
    let lines = pane.lines(model, node);
    let mut first = 0;
    if chosen {
        view.scrolled = view.scrolled.min(lines.len().saturating_sub(room));
        first = view.scrolled;
    }
    let mut title = format!(
        "{}{} ",
        if chosen { "> " } else { "─ " },
        pane.title(model, node)
    );
    if lines.len() > room {
        let last = (first + room).min(lines.len());
        title.push_str(&format!("{}–{last} of {} ", first + 1, lines.len()));
    }
    let columns = usize::from(head.width);
    let title = cut(&title, columns);
    let rule = "─".repeat(columns.saturating_sub(width(&title)));
    let style = if chosen {
        Modifier::BOLD
    } else {
        Modifier::DIM
    };
    let title = Text::styled(title + &rule, style);
    frame.render_widget(Paragraph::new(title), head);
    let columns = usize::from(inside.width);
    let shown = lines.into_iter().skip(first).take(room).map(|line| {
        let style = match (line.strong, line.faint) {
            (true, _) => Style::new().add_modifier(Modifier::BOLD),
            (_, true) => Style::new().add_modifier(Modifier::DIM),
            _ => Style::new(),
        };
        Text::styled(cut(&line.text, columns), style)
    });
    frame.render_widget(Paragraph::new(shown.collect::<Vec<Text>>()), inside);
}

fn draw_help(frame: &mut Frame, area: Rect) {
    let widest = KEYS.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0);
    let mut lines = vec![Text::styled(" Keys", Modifier::BOLD)];
    lines.extend(KEYS.iter().map(|(keys, does)| {
        let blanks = " ".repeat(widest.saturating_sub(width(keys)));
        Text::raw(format!(" {keys}{blanks}  {does}"))
    }));
    let wanted = lines.iter().map(Text::width).max().unwrap_or(0) + 1;
    let wide = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.width);
    let high = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .min(area.height);
    let place = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    };
    frame.render_widget(Clear, place);
    let page = Paragraph::new(lines).style(Modifier::REVERSED);
    frame.render_widget(page, place);
}

#[cfg(test)]
#[path = "draw_tests.rs"]
mod tests;
