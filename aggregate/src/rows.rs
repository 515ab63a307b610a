//! Rows of cells, and their CSV text.

use crate::run::Run;

/// A row's cells as text; what was not measured is empty.
pub struct Row(pub Vec<String>);

impl Row {
    /// A row that starts with set, workload and scheme.
    pub fn of_path(run: &Run) -> Row {
        let identity = &run.identity;
        Row(vec![
            identity.set.clone(),
            identity.workload.clone(),
            identity.scheme.name().to_string(),
        ])
    }

    /// A cell that always has a value.
    pub fn push(&mut self, cell: impl ToString) {
        self.0.push(cell.to_string());
    }

    /// A cell that may be empty.
    pub fn push_known<T: ToString>(&mut self, cell: Option<T>) {
        self.0
            .push(cell.map_or(String::new(), |cell| cell.to_string()));
    }
}

/// The CSV text of a header and rows as long as it.
pub fn table<S: AsRef<[u8]>>(header: &[S], rows: impl IntoIterator<Item = Row>) -> Vec<u8> {
    const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect(IN_MEMORY);
    for row in rows {
        writer.write_record(row.0).expect(IN_MEMORY);
    }
    writer.into_inner().expect(IN_MEMORY)
}
