//! `context` and what hangs on it.

mod messages;
mod variables;

use std::sync::Arc;

use crate::call::{Call, Machine};
use crate::context::{
    ApiFacts, Context, GroupFacts, IdentityFacts, LastErrorFacts, ProductFacts, Side, SubscriptionFacts,
    UserFacts,
};
use crate::exception::Exception;
use crate::members::{Member, TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{HostReference as Host, Text, UrlReference, Value};

pub use variables::authorization;

static CONTEXT: TypeDeclaration = TypeDeclaration::interface("IContext").members(&[
    impure("IApi Api", |call| present(call, Host::Api, |context| context.api().is_some()))
        .note("Null when no API matched."),
    impure("IDeployment Deployment", |_| Ok(Value::Host(Host::Deployment))),
    impure("TimeSpan Elapsed", |call| Ok(Value::TimeSpan(call.context().elapsed_ticks())))
        .note("The time since `Timestamp`."),
    impure("ILastError LastError", |call| {
        present(call, Host::LastError, |context| context.last_error().is_some())
    })
    .note("Null until something failed; set in `on-error`."),
    impure("IOperation Operation", |call| {
        present(call, Host::Operation, |context| context.operation().is_some())
    })
    .note("Null when no operation matched."),
    impure("IProduct Product", |call| present(call, Host::Product, |context| context.product().is_some()))
        .note("Null when the subscription is not one of a product."),
    impure("IRequest Request", |call| present(call, Host::Request, |context| context.has(Side::Request))),
    impure("IResponse Response", |call| present(call, Host::Response, |context| context.has(Side::Response)))
        .note("Null until there is one: in `inbound`, and in `retry` conditions before the first answer."),
    impure("Guid RequestId", |call| Ok(Value::Guid(call.context().request_id()))),
    impure("ISubscription Subscription", |call| {
        present(call, Host::Subscription, |context| context.subscription().is_some())
    })
    .note("Null when no key was used."),
    impure("DateTime Timestamp", |call| Ok(Value::utc(call.context().timestamp_ticks())))
        .note("When the call came in, UTC."),
    impure("bool Tracing", |call| Ok(Value::Boolean(call.context().tracing())))
        .note("True when the call asked for its trace."),
    impure("IUser User", |call| present(call, Host::User, |context| context.user().is_some()))
        .note("Null for subscriptions without an owner."),
    impure("IBackend Backend", |call| present(call, Host::Backend, |context| context.backend().is_some())),
    impure("IVariables Variables", |_| Ok(Value::Host(Host::Variables))),
    impure("void Trace(string message)", |call| {
        let message = call.text_or_null(0).unwrap_or_else(Text::empty);
        call.context().trace(&message);
        Ok(Value::Null)
    })
    .note("Adds an entry to the trace of the call."),
]);

static API: TypeDeclaration = TypeDeclaration::interface("IApi").members(&[
    impure("string Id", |call| api(call, |api| shared(&api.id))),
    impure("string Name", |call| api(call, |api| shared(&api.name))),
    impure("string Path", |call| api(call, |api| shared(&api.path))).note("The suffix of the API's URL."),
    impure("string Version", |call| api(call, |api| shared(&api.version))),
    impure("string Revision", |call| api(call, |api| shared(&api.revision))),
    impure("bool IsCurrentRevision", |call| api(call, |api| Value::Boolean(api.is_current_revision))),
    impure("IEnumerable<string> Protocols", |call| {
        api(call, |api| Value::string_array(api.protocols.iter().cloned()))
    }),
    impure("IUrl ServiceUrl", |call| {
        let url = match call.receiver() {
            Value::Host(Host::ProductApi(api)) => Host::ProductApiUrl(Arc::clone(api)),
            _ => Host::Url(UrlReference::Service),
        };
        api(call, |api| if api.service_url.is_some() { Value::Host(url) } else { Value::Null })
    })
    .note("Null when the API has none."),
    impure("ISubscriptionKeyParameterNames SubscriptionKeyParameterNames", |call| {
        let listed = match call.receiver() {
            Value::Host(Host::ProductApi(api)) => Some(Arc::clone(api)),
            _ => None,
        };
        api(call, |_| Value::Host(Host::SubscriptionKeyParameterNames(listed)))
    }),
]);

static KEY_NAMES: TypeDeclaration = TypeDeclaration::interface("ISubscriptionKeyParameterNames").members(&[
    impure("string Header", |call| api(call, |api| shared(&api.subscription_key_header))),
    impure("string Query", |call| api(call, |api| shared(&api.subscription_key_query))),
]);

static OPERATION: TypeDeclaration = TypeDeclaration::interface("IOperation").members(&[
    impure("string Id", |call| fact(call.context().operation(), |found| shared(&found.id))),
    impure("string Method", |call| fact(call.context().operation(), |found| shared(&found.method))),
    impure("string Name", |call| fact(call.context().operation(), |found| shared(&found.name))),
    impure("string UrlTemplate", |call| {
        fact(call.context().operation(), |found| shared(&found.url_template))
    }),
]);

static PRODUCT_STATE: TypeDeclaration =
    TypeDeclaration::enumeration("ProductState", &[("NotPublished", 0), ("Published", 1)]);

static PRODUCT: TypeDeclaration = TypeDeclaration::interface("IProduct").members(&[
    impure("string Id", |call| product(call, |found| shared(&found.id))),
    impure("string Name", |call| product(call, |found| shared(&found.name))),
    impure("ProductState State", |call| {
        product(call, |found| Value::enumeration(&PRODUCT_STATE, i64::from(found.published)))
    }),
    impure("bool ApprovalRequired", |call| product(call, |found| Value::Boolean(found.approval_required))),
    impure("bool SubscriptionRequired", |call| {
        product(call, |found| Value::Boolean(found.subscription_required))
    }),
    impure("int? SubscriptionLimit", |call| product(call, |found| found.subscription_limit.into()))
        .note("Null when there is no limit."),
    impure("IEnumerable<IGroup> Groups", |call| product(call, |found| groups(&found.groups))),
    impure("IEnumerable<IApi> Apis", |call| {
        product(call, |found| {
            let apis = found.apis.iter().map(|api| Value::Host(Host::ProductApi(Arc::clone(api))));
            Value::array(Type::Named("IApi"), apis.collect())
        })
    }),
]);

static SUBSCRIPTION: TypeDeclaration = TypeDeclaration::interface("ISubscription").members(&[
    impure("string Id", |call| subscription(call, |found| shared(&found.id))),
    impure("string Name", |call| subscription(call, |found| shared(&found.name))),
    impure("string Key", |call| subscription(call, |found| shared(&found.key)))
        .note("The key the call used."),
    impure("string PrimaryKey", |call| subscription(call, |found| shared(&found.primary_key))),
    impure("string SecondaryKey", |call| subscription(call, |found| shared(&found.secondary_key))),
    impure("DateTime CreatedDate", |call| subscription(call, |found| Value::utc(found.created_ticks))),
    impure("DateTime CreatedTime", |call| subscription(call, |found| Value::utc(found.created_ticks)))
        .note("The older name of `CreatedDate`."),
    impure("DateTime? StartDate", |call| {
        subscription(call, |found| found.start_ticks.map_or(Value::Null, Value::utc))
    }),
    impure("DateTime? EndDate", |call| {
        subscription(call, |found| found.end_ticks.map_or(Value::Null, Value::utc))
    }),
]);

static USER: TypeDeclaration = TypeDeclaration::interface("IUser").members(&[
    impure("string Id", |call| user(call, |found| shared(&found.id))),
    impure("string Email", |call| user(call, |found| shared(&found.email))),
    impure("string FirstName", |call| user(call, |found| shared(&found.first_name))),
    impure("string LastName", |call| user(call, |found| shared(&found.last_name))),
    impure("string Note", |call| user(call, |found| shared(&found.note))),
    impure("DateTime RegistrationDate", |call| user(call, |found| Value::utc(found.registration_ticks))),
    impure("IEnumerable<IGroup> Groups", |call| user(call, |found| groups(&found.groups))),
    impure("IEnumerable<IUserIdentity> Identities", |call| {
        user(call, |found| {
            let one = |identity: &IdentityFacts| Value::Host(Host::Identity(Arc::new(identity.clone())));
            Value::array(Type::Named("IUserIdentity"), found.identities.iter().map(one).collect())
        })
    }),
]);

static GROUP: TypeDeclaration = TypeDeclaration::interface("IGroup").members(&[
    impure("string Id", |call| group(call, |group| shared(&group.id))),
    impure("string Name", |call| group(call, |group| shared(&group.name))),
]);

static IDENTITY: TypeDeclaration = TypeDeclaration::interface("IUserIdentity").members(&[
    impure("string Id", |call| identity(call, |identity| shared(&identity.id))),
    impure("string Provider", |call| identity(call, |identity| shared(&identity.provider))),
]);

static DEPLOYMENT: TypeDeclaration = TypeDeclaration::interface("IDeployment").members(&[
    impure("string GatewayId", |call| Ok(shared(&call.context().deployment().gateway_id)))
        .note("`managed` for the gateway of the service itself."),
    impure("IGateway Gateway", |_| Ok(Value::Host(Host::Gateway))),
    impure("string Region", |call| Ok(shared(&call.context().deployment().region))),
    impure("string ServiceId", |call| Ok(shared(&call.context().deployment().service_id))),
    impure("ICertificates Certificates", |_| Ok(Value::Host(Host::Certificates))),
    impure("string ServiceName", |call| Ok(shared(&call.context().deployment().service_name))),
]);

static GATEWAY: TypeDeclaration = TypeDeclaration::interface("IGateway").members(&[
    impure("string Id", |call| Ok(shared(&call.context().deployment().gateway_id))),
    impure("string InstanceId", |call| Ok(shared(&call.context().deployment().gateway_id))),
    impure("bool IsManaged", |call| Ok(Value::Boolean(call.context().deployment().is_managed))),
]);

static LAST_ERROR_MEMBERS: &[Member] = &[
    impure("string Source", |call| last_error(call, |found| shared(&found.source))),
    impure("string Reason", |call| last_error(call, |found| optional(found.reason.as_ref())))
        .note("Null when the error has none; so are `Scope`, `Section`, `Path` and `PolicyId`."),
    impure("string Message", |call| last_error(call, |found| shared(&found.message))),
    impure("string Scope", |call| last_error(call, |found| optional(found.scope.as_ref()))),
    impure("string Section", |call| last_error(call, |found| optional(found.section.as_ref()))),
    impure("string Path", |call| last_error(call, |found| optional(found.path.as_ref()))),
    impure("string PolicyId", |call| last_error(call, |found| optional(found.policy_id.as_ref()))),
    impure("int HttpErrorCode", |call| {
        last_error(call, |found| Value::Int32(found.http_error_code.unwrap_or(0)))
    })
    .note("0 when the error has none."),
];

static LAST_ERROR: TypeDeclaration = TypeDeclaration::interface("ILastError").members(LAST_ERROR_MEMBERS);

static BACKEND: TypeDeclaration = TypeDeclaration::interface("IBackend").members(&[
    impure("string Id", |call| fact(call.context().backend(), |found| shared(&found.id))),
    impure("string Type", |call| {
        fact(call.context().backend(), |found| Value::from(if found.is_pool { "Pool" } else { "Single" }))
    }),
    impure("string AzureRegion", |call| fact(call.context().backend(), |found| shared(&found.azure_region))),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[
    &CONTEXT,
    &API,
    &KEY_NAMES,
    &OPERATION,
    &PRODUCT_STATE,
    &PRODUCT,
    &SUBSCRIPTION,
    &USER,
    &GROUP,
    &IDENTITY,
    &DEPLOYMENT,
    &GATEWAY,
    &LAST_ERROR,
    &BACKEND,
    &messages::REQUEST,
    &messages::RESPONSE,
    &messages::BODY,
    &messages::URL,
    &messages::FOUNDRY,
    &messages::PRIVATE_ENDPOINT,
    &variables::VARIABLES,
    &variables::HEADERS,
    &variables::QUERY,
    &variables::MATCHED_PARAMETERS,
    &variables::CERTIFICATES,
    &variables::AUTHORIZATION,
];

fn shared(text: &Arc<str>) -> Value {
    Value::string(Arc::clone(text))
}

fn optional(text: Option<&Arc<str>>) -> Value {
    text.map_or(Value::Null, shared)
}

/// The reference, or null when the call has no such thing.
fn present(call: &mut Call<'_>, host: Host, is_there: fn(&dyn Context) -> bool) -> Result<Value, Exception> {
    Ok(if is_there(call.context()) { Value::Host(host) } else { Value::Null })
}

/// A fact of the call; the object may have gone since the reference was taken.
fn fact<F>(found: Option<&F>, read: impl FnOnce(&F) -> Value) -> Result<Value, Exception> {
    found.map(read).ok_or_else(Exception::null_reference)
}

fn product(call: &mut Call<'_>, read: impl FnOnce(&ProductFacts) -> Value) -> Result<Value, Exception> {
    fact(call.context().product(), read)
}

fn subscription(
    call: &mut Call<'_>,
    read: impl FnOnce(&SubscriptionFacts) -> Value,
) -> Result<Value, Exception> {
    fact(call.context().subscription(), read)
}

fn user(call: &mut Call<'_>, read: impl FnOnce(&UserFacts) -> Value) -> Result<Value, Exception> {
    fact(call.context().user(), read)
}

fn last_error(call: &mut Call<'_>, read: impl FnOnce(&LastErrorFacts) -> Value) -> Result<Value, Exception> {
    fact(call.context().last_error(), read)
}

fn api(call: &mut Call<'_>, read: impl FnOnce(&ApiFacts) -> Value) -> Result<Value, Exception> {
    match call.receiver().clone() {
        Value::Host(Host::ProductApi(api) | Host::SubscriptionKeyParameterNames(Some(api))) => Ok(read(&api)),
        _ => fact(call.context().api(), read),
    }
}

fn groups(groups: &[GroupFacts]) -> Value {
    let one = |group: &GroupFacts| Value::Host(Host::Group(Arc::new(group.clone())));
    Value::array(Type::Named("IGroup"), groups.iter().map(one).collect())
}

fn group(call: &mut Call<'_>, read: impl FnOnce(&GroupFacts) -> Value) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Host(Host::Group(group)) => Ok(read(group)),
        other => Err(call.mismatch(other)),
    }
}

fn identity(call: &mut Call<'_>, read: impl FnOnce(&IdentityFacts) -> Value) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Host(Host::Identity(identity)) => Ok(read(identity)),
        other => Err(call.mismatch(other)),
    }
}

/// The elements of a dictionary of `context`, as pairs.
pub(crate) fn elements(host: &Host, machine: &mut dyn Machine) -> Result<Vec<Value>, Exception> {
    let entries = match host {
        Host::Certificates => Some((variables::CERTIFICATE, variables::certificates(machine)?)),
        _ => variables::entries(host, machine.context()),
    };
    match entries {
        Some((value_type, entries)) => {
            let pair =
                |(name, value)| Value::pair(Type::String, value_type.clone(), Value::String(name), value);
            Ok(entries.into_iter().map(pair).collect())
        }
        None => Err(Exception::invalid_cast(&host.type_of(), &Type::Named("System.Collections.IEnumerable"))),
    }
}

/// `ToString()`.
pub(crate) fn text_of(host: &Host, context: &mut dyn Context) -> Text {
    match host {
        Host::Url(_) | Host::ProductApiUrl(_) => messages::url_text(host, context),
        _ => Text::from(host.type_of().to_string()),
    }
}
