//! Columns of text.

/// A table under construction: its widths follow from its cells.
#[derive(Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Adds a row; the first is the head.
    pub fn row<Cell: Into<String>>(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether there is anything below the head.
    pub fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// The head and the rows below it, if there are any.
    pub fn split(&self) -> Option<(&[String], &[Vec<String>])> {
        let (head, rows) = self.rows.split_first()?;
        (!rows.is_empty()).then_some((head, rows))
    }

    /// The first column to the left, the others to the right, two spaces in between.
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                match column {
                    0 => line += &format!("{cell:<width$}"),
                    _ => line += &format!("  {cell:>width$}"),
                }
            }
            text += line.trim_end();
            text += "\n";
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_in_one_column() {
        let mut table = Table::default();
        table.row(["scheme", "ns"]);
        table.row(["A", "1.5"]);
        assert_eq!(table.text(), "scheme   ns\nA       1.5\n");
    }
}
