//! A table as it lies on disk: the Parquet files, and the segments that are not compacted yet.

use std::fs::File;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::union::UnionExec;

use super::unread::Unread;
use crate::layout::{Layout, Table, TableFile};
use crate::store::segment;

/// Clocks may be set back a little while an hour ends.
const SLACK_MICROSECONDS: i64 = 60 * 1_000_000;
const HOUR_MICROSECONDS: i64 = 3600 * 1_000_000;

/// A table on disk. It is looked up anew for every query.
#[derive(Debug)]
pub(crate) struct Physical {
    layout: Layout,
    table: Table,
    schema: SchemaRef,
    message_bytes: Option<u64>,
}

/// What there is of a table at one moment.
struct Found {
    files: Vec<TableFile>,
    segments: Vec<File>,
}

impl Physical {
    pub(crate) fn new(layout: Layout, table: Table, message_bytes: Option<u64>) -> Physical {
        Physical { layout, table, schema: table.schema(), message_bytes }
    }

    /// Segments are opened before files are listed: what is compacted in between is read from the segment or from the
    /// file, never from both and never from neither.
    fn find(&self) -> io::Result<Found> {
        let directory = self.layout.segments();
        let mut opened = Vec::new();
        for number in segment::numbers(&directory)? {
            match File::open(segment::path(&directory, number)) {
                Ok(file) => opened.push((number, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let compacted = self.layout.files(Table::Calls)?;
        opened.retain(|(number, _)| !compacted.iter().any(|file| file.holds(*number)));
        let mut files = match self.table {
            Table::Calls => compacted,
            other => self.layout.files(other)?,
        };
        files.retain(|file| !opened.iter().any(|(number, _)| file.holds(*number)));
        Ok(Found { files, segments: opened.into_iter().map(|(_, file)| file).collect() })
    }

    fn parquet(
        &self,
        state: &dyn Session,
        files: Vec<TableFile>,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut source = ParquetSource::new(Arc::clone(&self.schema));
        if let Some(predicate) = conjunction(filters.to_vec()) {
            let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
            source = source.with_predicate(state.create_physical_expr(predicate, &schema)?);
        }
        let count = state.config().target_partitions().clamp(1, files.len().max(1));
        let mut groups = vec![Vec::new(); count];
        for (place, file) in files.into_iter().enumerate() {
            // The local store of DataFusion is rooted at `/`.
            let path = std::path::absolute(&file.path)?;
            let path = path.to_string_lossy().trim_start_matches('/').to_owned();
            if let Some(group) = groups.get_mut(place % count) {
                group.push(PartitionedFile::new(path, file.bytes));
            }
        }
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for Physical {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters choose files and row groups; rows are filtered by whoever asks.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut found = self.find()?;
        if let Some(from) = earliest(filters) {
            // Calls arrive before they are written: an hour that is over holds nothing later.
            found.files.retain(|file| {
                file.hour.saturating_add(1).saturating_mul(HOUR_MICROSECONDS) + SLACK_MICROSECONDS >= from
            });
        }
        let mut plans = Vec::new();
        if !found.files.is_empty() {
            plans.push(self.parquet(state, found.files, projection, filters, limit)?);
        }
        if !found.segments.is_empty() {
            let unread = found.segments.into_iter().map(|file| {
                let unread = Unread::new(file, self.table, projection, &self.schema, self.message_bytes)?;
                Ok(Arc::new(unread) as Arc<dyn PartitionStream>)
            });
            let unread = unread.collect::<Result<Vec<_>>>()?;
            let schema = projected(&self.schema, projection)?;
            plans.push(Arc::new(StreamingTableExec::try_new(schema, unread, None, [], false, limit)?));
        }
        match plans.len() {
            0 => Ok(Arc::new(EmptyExec::new(projected(&self.schema, projection)?))),
            1 => plans.pop().map_or_else(|| UnionExec::try_new(Vec::new()), Ok),
            _ => UnionExec::try_new(plans),
        }
    }
}

/// The columns of a projection.
pub(super) fn projected(schema: &SchemaRef, projection: Option<&Vec<usize>>) -> Result<SchemaRef> {
    match projection {
        Some(places) => Ok(Arc::new(schema.project(places)?)),
        None => Ok(Arc::clone(schema)),
    }
}

/// The earliest time that the filters let through, in microseconds; none when they tell nothing of it.
fn earliest(filters: &[Expr]) -> Option<i64> {
    filters.iter().filter_map(bound).max()
}

fn bound(filter: &Expr) -> Option<i64> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else { return None };
    match (&**left, op, &**right) {
        (left, Operator::And, right) => bound(left).max(bound(right)),
        (Expr::Column(column), Operator::Gt | Operator::GtEq | Operator::Eq, Expr::Literal(value, _))
        | (Expr::Literal(value, _), Operator::Lt | Operator::LtEq | Operator::Eq, Expr::Column(column))
            if column.name == "timestamp" =>
        {
            time(value)
        }
        _ => None,
    }
}

fn time(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampSecond(time, _) => time.and_then(|time| time.checked_mul(1_000_000)),
        ScalarValue::TimestampMillisecond(time, _) => time.and_then(|time| time.checked_mul(1_000)),
        ScalarValue::TimestampMicrosecond(time, _) => *time,
        ScalarValue::TimestampNanosecond(time, _) => time.map(|time| time.div_euclid(1_000)),
        _ => None,
    }
}
