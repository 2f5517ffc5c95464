//! Running queries.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::bind::{Binder, Bound};
use crate::functions::Environment;
use crate::{Answer, Catalog, Error, Query, Span, parse};

/// How a query is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// `now()`: microseconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// The time that is asked for, in microseconds since 1970: from the first, inclusively, to the second, exclusively. It is a filter on the
    /// column `TimeGenerated` or `timestamp` of each table.
    pub timespan: Option<(i64, i64)>,
    /// How many rows the answer has at most.
    pub rows: usize,
    /// How many bytes the answer has at most, as Arrow holds them. Also bounds one text or list that a query makes.
    pub bytes: usize,
    /// How long the query may take.
    pub timeout: Duration,
}

/// Runs a query.
///
/// The memory that operators use is bounded by the pool of the context. The answer is cut when it has more rows or bytes than
/// the options say. Dropping the future stops the query.
///
/// # Errors
/// When the query is wrong, which has its place; when it takes too long (`timeout`) or too much memory (`out-of-memory`), or fails otherwise
/// (`execution`), which have none.
pub async fn run(
    text: &str,
    catalog: &dyn Catalog,
    context: &SessionContext,
    options: &Options,
) -> Result<Answer, Error> {
    let deadline = Instant::now() + options.timeout;
    let query = guarded(|| parse(text).map_err(first))?;
    let environment = Arc::new(Environment { now: options.now, value_bytes: options.bytes });
    let mut answers = Vec::new();
    let bound = loop {
        match bind(&query, catalog, &environment, options, &answers)? {
            Step::Done(bound) => break bound,
            Step::Fetch(plan) => {
                answers.push(fetch(*plan, context, options, deadline).await?);
            }
        }
    };
    let (batches, is_truncated) = execute(bound.plan, context, options, deadline).await?;
    Ok(Answer { columns: bound.columns, batches, render: query.render, is_truncated })
}

/// The rows of a plan that is run before the query itself. Such plans have limits of their own on their rows.
async fn fetch(
    plan: LogicalPlan,
    context: &SessionContext,
    options: &Options,
    deadline: Instant,
) -> Result<Vec<RecordBatch>, Error> {
    let options = Options { rows: usize::MAX, ..*options };
    let (batches, is_truncated) = execute(plan, context, &options, deadline).await?;
    if is_truncated {
        let message = "a table that is read before the query itself has too many bytes";
        return Err(Error::new("too-many-bytes", Span::default(), message));
    }
    Ok(batches)
}

enum Step {
    Done(Box<Bound>),
    Fetch(Box<LogicalPlan>),
}

/// Binds the query with what has been read so far.
fn bind(
    query: &Query,
    catalog: &dyn Catalog,
    environment: &Arc<Environment>,
    options: &Options,
    answers: &[Vec<RecordBatch>],
) -> Result<Step, Error> {
    guarded(|| {
        let mut binder = Binder::new(catalog, environment.clone(), options.timespan, answers);
        let bound = binder.query(query);
        match (binder.request.take(), bound) {
            (Some(plan), _) => Ok(Step::Fetch(Box::new(plan))),
            (None, bound) => bound.map(|bound| Step::Done(Box::new(bound))),
        }
    })
}

/// A panic, which would be a mistake of ours or of a library, ends the query and not the process.
fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(internal()))
}

fn internal() -> Error {
    Error::new("internal", Span::default(), "the query could not be run because of a mistake in this program")
}

fn first(errors: Vec<Error>) -> Error {
    errors.into_iter().next().unwrap_or_else(internal)
}

/// Runs a plan in a task of its own, so that a panic in it is an error, and planning does not hold up the deadline.
async fn execute(
    plan: LogicalPlan,
    context: &SessionContext,
    options: &Options,
    deadline: Instant,
) -> Result<(Vec<RecordBatch>, bool), Error> {
    let task = SpawnedTask::spawn(collect(plan, context.clone(), *options));
    match timeout_at(deadline, task).await {
        Ok(Ok(result)) => result.map_err(|error| failure(&error)),
        Ok(Err(_)) => Err(internal()),
        Err(_) => {
            let message = format!("the query takes longer than {} seconds", options.timeout.as_secs_f32());
            Err(Error::new("timeout", Span::default(), message)
                .with_help("ask for less time, or for fewer rows"))
        }
    }
}

/// The rows of a plan, up to the limits, and whether there would be more.
async fn collect(
    plan: LogicalPlan,
    context: SessionContext,
    options: Options,
) -> Result<(Vec<RecordBatch>, bool), DataFusionError> {
    let state = context.state();
    let plan = yielding(state.create_physical_plan(&plan).await?)?;
    let mut stream = execute_stream(plan, context.task_ctx())?;
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        if batch.num_rows() == 0 {
            continue;
        }
        let left = options.rows - rows;
        if batch.num_rows() > left {
            batches.push(batch.slice(0, left));
            return Ok((batches, true));
        }
        bytes += size(&batch);
        if bytes > options.bytes {
            return Ok((batches, true));
        }
        rows += batch.num_rows();
        batches.push(batch);
    }
    Ok((batches, false))
}

/// The plan with pauses behind what makes many rows of few. DataFusion pauses only where rows are read, so that a join could keep its
/// thread for minutes, and with it the deadline.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let yielding = plan.transform_up(|plan| {
        if plan.name().contains("Join") || plan.name() == "UnnestExec" {
            let plan: Arc<dyn ExecutionPlan> = Arc::new(CooperativeExec::new(plan));
            return Ok(Transformed::yes(plan));
        }
        Ok(Transformed::no(plan))
    })?;
    Ok(yielding.data)
}

fn size(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or_default()).sum()
}

fn failure(error: &DataFusionError) -> Error {
    if let DataFusionError::ResourcesExhausted(_) = error.find_root() {
        let message = "the query takes more memory than it may";
        return Error::new("out-of-memory", Span::default(), message)
            .with_help("ask for less time, or summarize by fewer values");
    }
    let text = error.find_root().strip_backtrace();
    Error::new("execution", Span::default(), text.lines().next().unwrap_or_default().to_owned())
}
