//! Contracts of the operations of an API: what its specification and its schemas say, compiled for policies.
//!
//! Only operations with a policy that asks for it get one; the specification of an API without such an operation is not
//! even read. All operations of an API share one set of compiled schemas.

use std::sync::Arc;

use bytes::Bytes;
use sekisho_diagnostics::{Diagnostic, SourceMap, Span};
use sekisho_policy::exchange::contract::is_json;
use sekisho_policy::exchange::{
    Contract, ListStyle, Parameter, Place, Representation, ResponseContract, StatusPattern,
};
use sekisho_policy::schema::{Builder, Dialect, Draft, SchemaSet};
use sekisho_resources::contracts::{ApiContracts, SpecificationVersion};
use sekisho_resources::model::{
    Api, Configuration, ContractBody, ContractParameter, Example, OperationContract, ParameterPlace,
    SchemaSource,
};
use serde_json::Value;

use super::OperationEntry;

/// Gives contracts to the operations that need one.
pub(super) fn add(
    api: &Api,
    configuration: &Configuration,
    sources: &SourceMap,
    operations: &mut [OperationEntry],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let needing: Vec<&mut OperationEntry> =
        operations.iter_mut().filter(|entry| entry.pipelines.read_contract()).collect();
    if needing.is_empty() {
        return;
    }
    let contracts = ApiContracts::read(api, sources);
    let wanted: Vec<(&mut OperationEntry, OperationContract)> = needing
        .into_iter()
        .filter_map(|entry| {
            let operation = api.operation(&entry.facts.id)?;
            Some((entry, contracts.operation(operation)))
        })
        .collect();
    let (set, drafts, problems) = {
        let mut drafter = Drafter { api, configuration, contracts: &contracts, builder: Builder::new() };
        let drafts: Vec<ContractDraft> =
            wanted.iter().map(|(_, contract)| drafter.contract(contract)).collect();
        let problems = drafter.builder.problems().to_vec();
        (drafter.builder.finish(), drafts, problems)
    };
    for ((entry, _), draft) in wanted.into_iter().zip(drafts) {
        entry.contract = Some(Arc::new(draft.finished(&set)));
    }
    for problem in problems {
        let span: Span = contracts.place(problem.address).unwrap_or(api.span);
        let message = format!("a schema of API `{}`: {}", api.name.value, problem.message);
        let finding = Diagnostic::warning("unchecked-schema", span, message);
        diagnostics
            .push(finding.with_help("messages are not held against this part, or cannot be checked at all"));
    }
}

/// A contract whose schemas are not finished.
struct ContractDraft {
    parameters: Vec<ParameterDraft>,
    requests: Vec<BodyDraft>,
    responses: Vec<(StatusPattern, Vec<ParameterDraft>, Vec<BodyDraft>)>,
}

struct ParameterDraft {
    name: String,
    place: Place,
    required: bool,
    schema: Option<Draft>,
    list: ListStyle,
}

struct BodyDraft {
    content_type: String,
    schema: Option<Draft>,
    examples: Vec<Bytes>,
}

impl ContractDraft {
    fn finished(self, set: &Arc<SchemaSet>) -> Contract {
        let responses = self.responses.into_iter().map(|(status, headers, bodies)| ResponseContract {
            status,
            headers: ParameterDraft::all(headers, set),
            representations: BodyDraft::all(bodies, set),
        });
        Contract {
            parameters: ParameterDraft::all(self.parameters, set),
            requests: BodyDraft::all(self.requests, set),
            responses: responses.collect(),
        }
    }
}

impl ParameterDraft {
    fn all(drafts: Vec<ParameterDraft>, set: &Arc<SchemaSet>) -> Vec<Parameter> {
        let finished = |draft: ParameterDraft| {
            let schema = draft.schema.map(|schema| schema.finished(set));
            Parameter::new(&draft.name, draft.place, draft.required, schema, draft.list)
        };
        drafts.into_iter().map(finished).collect()
    }
}

impl BodyDraft {
    fn all(drafts: Vec<BodyDraft>, set: &Arc<SchemaSet>) -> Vec<Representation> {
        let finished = |draft: BodyDraft| {
            let schema = draft.schema.map(|schema| schema.finished(set));
            Representation::new(&draft.content_type, schema, draft.examples)
        };
        drafts.into_iter().map(finished).collect()
    }
}

/// Adds the schemas of contracts to one set.
struct Drafter<'d> {
    api: &'d Api,
    configuration: &'d Configuration,
    contracts: &'d ApiContracts,
    builder: Builder<'d>,
}

impl<'d> Drafter<'d> {
    fn contract(&mut self, contract: &'d OperationContract) -> ContractDraft {
        let mut responses = Vec::new();
        for response in &contract.responses {
            let Some(status) = StatusPattern::parse(&response.status) else { continue };
            responses.push((status, self.parameters(&response.headers), self.bodies(&response.bodies)));
        }
        ContractDraft {
            parameters: self.parameters(&contract.parameters),
            requests: self.bodies(&contract.requests),
            responses,
        }
    }

    fn parameters(&mut self, parameters: &'d [ContractParameter]) -> Vec<ParameterDraft> {
        let mut drafts = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            drafts.push(ParameterDraft {
                name: parameter.name.clone(),
                place: match parameter.place {
                    ParameterPlace::Path => Place::Path,
                    ParameterPlace::Query => Place::Query,
                    ParameterPlace::Header => Place::Header,
                },
                required: parameter.required,
                schema: self.schema(parameter.schema.as_ref(), &parameter.name),
                list: parameter.separator.map_or(ListStyle::Repeated, ListStyle::Separated),
            });
        }
        drafts
    }

    fn bodies(&mut self, bodies: &'d [ContractBody]) -> Vec<BodyDraft> {
        let mut drafts = Vec::with_capacity(bodies.len());
        for body in bodies {
            let example = |example: &Example| example_bytes(example, &body.content_type);
            drafts.push(BodyDraft {
                content_type: body.content_type.clone(),
                schema: self.schema(body.schema.as_ref(), &body.content_type),
                examples: body.examples.iter().map(example).collect(),
            });
        }
        drafts
    }

    fn schema(&mut self, source: Option<&'d SchemaSource>, name: &str) -> Option<Draft> {
        let dialect = match self.contracts.version() {
            SpecificationVersion::OpenApi31 => Dialect::Beside,
            SpecificationVersion::OpenApi30 | SpecificationVersion::OpenApi2 => Dialect::Alone,
        };
        Some(match source? {
            SchemaSource::Specification(pointer) => {
                let document = self.contracts.document();
                match document.pointer(pointer) {
                    Some(schema) => self.builder.schema(document, schema, dialect, name),
                    None => self.builder.missing(name),
                }
            }
            SchemaSource::Definition { schema, name } => {
                let resource =
                    self.api.schemas.get(schema).or_else(|| self.configuration.schemas.get(schema));
                match resource.and_then(|resource| resource.definition(name)) {
                    Some((document, schema)) => self.builder.schema(document, schema, Dialect::Alone, name),
                    None => self.builder.missing(name),
                }
            }
            SchemaSource::Inline(schema) => self.builder.schema(schema, schema, dialect, name),
        })
    }
}

/// The body that an example stands for. A text of a JSON representation may be the JSON itself.
fn example_bytes(example: &Example, content_type: &str) -> Bytes {
    match example {
        Example::Text(text) => Bytes::from(text.clone()),
        Example::Value(Value::String(text)) if !is_json(content_type) || is_container(text) => {
            Bytes::from(text.clone())
        }
        Example::Value(value) => Bytes::from(value.to_string()),
    }
}

/// True for the text of a JSON object or array.
fn is_container(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok()
}
