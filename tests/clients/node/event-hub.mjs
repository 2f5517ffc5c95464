// An event hub on AMQP 1.0: claims-based security, batches, partitions, receivers. It keeps everything in memory.
//
//   node event-hub.mjs '{"port": 0, "hub": "calls", "keyName": "send", "key": "…", "partitions": 4}'
//
// With `certificate` and `certificateKey`, names of PEM files, it speaks TLS. The first line on standard output is
// {"port", "control"}: the AMQP port, and that of a small HTTP server which tells what was seen (`GET /`). The rules are those of the service: who shows no valid token for the hub gets no link to it.

import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const types = require("rhea/lib/types.js");
padPerformatives();
const rhea = require("rhea");

const settings = { port: 0, partitions: 4, keyName: "send", key: "key", hub: "calls", maximumMessageBytes: 1048576,
    ...JSON.parse(process.argv[2] ?? "{}") };
const BATCH_FORMAT = 0x80013700;
const AUDIENCE = "https://eventhubs.azure.net";

const partitions = Array.from({ length: settings.partitions }, () => []);
const readers = new Set();
// What a test asks for: tokens as they were put, and transfers with their format and number of events.
const seen = { tokens: [], transfers: [], refused: [] };
let turn = 0;

// Python's client reads performatives by position and trips over trailing nulls that were left out.
function padPerformatives() {
    const fields = { 0x10: 10, 0x11: 8, 0x12: 14, 0x13: 11, 0x14: 11, 0x15: 6, 0x16: 3 };
    const described = types.described_nc;
    types.described_nc = (descriptor, list) => {
        const count = fields[Number(descriptor.value)];
        while (count && Array.isArray(list.value) && list.value.length < count) list.value.push(types.wrap(null));
        // The largest handle of a session, which it takes for a number.
        if (count === 8 && list.value[4].value === null) list.value[4] = types.wrap_uint(255);
        return described(descriptor, list);
    };
}

const path = (address) => (address ?? "").replace(/^\w+:\/\/[^/]+\//, "");

// The partition of a target or source below the hub; -1 for the hub itself, undefined for what is not there.
function partitionOf(address) {
    if (address === settings.hub) return -1;
    const match = /^([^/]+)\/(?:ConsumerGroups\/[^/]+\/)?Partitions\/(\d+)$/.exec(address);
    const number = match?.[1] === settings.hub ? Number(match[2]) : NaN;
    return number < partitions.length ? number : undefined;
}

// Why a token is not good; undefined when it is.
function fault(name, type, token) {
    const now = Date.now() / 1000;
    if (type === "jwt") {
        const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
        if (claims.aud.replace(/\/$/, "") !== AUDIENCE) return `the token is for ${claims.aud}`;
        return claims.exp > now ? undefined : "the token has expired";
    }
    if (type !== "servicebus.windows.net:sastoken") return `tokens of type ${type} are not known`;
    const match = /^SharedAccessSignature sr=([^&]+)&sig=([^&]+)&se=(\d+)&skn=([^&]+)$/.exec(token);
    if (!match) return "the token is no shared access signature";
    const [, resource, signature, expiry, keyName] = match;
    const expected = createHmac("sha256", settings.key).update(`${resource}\n${expiry}`).digest("base64");
    if (decodeURIComponent(keyName) !== settings.keyName) return "there is no such key";
    if (decodeURIComponent(signature) !== expected) return "the signature is wrong";
    if (Number(expiry) <= now) return "the token has expired";
    const covered = decodeURIComponent(resource);
    return name.toLowerCase().startsWith(covered.toLowerCase()) ? undefined : `the token is for ${covered}`;
}

// Answers on the link of the connection that reads from this node, as the service does.
function reply(context, node, properties, body) {
    const message = { correlation_id: context.message.message_id, application_properties: properties, body };
    const link = context.connection.replies?.[node];
    if (context.message.reply_to) message.to = context.message.reply_to;
    link?.send(message);
}

function putToken(context) {
    const { name, type, operation } = context.message.application_properties ?? {};
    const expiration = context.message.application_properties?.expiration;
    const why = operation === "put-token" ? fault(name, type, context.message.body) : `no operation ${operation}`;
    seen.tokens.push({ name, type, token: context.message.body, expiration: Number(expiration), fault: why ?? null });
    if (!why) (context.connection.claims ??= new Set()).add(path(name).split("/")[0]);
    reply(context, "$cbs", { "status-code": types.wrap_int(why ? 401 : 202), "status-description": why ?? "Accepted" });
}

function manage(context) {
    const { name, type } = context.message.application_properties ?? {};
    const properties = { name, type, created_at: types.wrap_timestamp(Date.now()), partition_count: types.wrap_int(partitions.length),
        partition_ids: types.wrap_array(partitions.map((_, id) => String(id)), 0xa1) };
    if (type === "com.microsoft:partition") {
        const events = partitions[Number(context.message.application_properties.partition)];
        Object.assign(properties, { begin_sequence_number: types.wrap_long(0), is_partition_empty: events.length === 0,
            partition: context.message.application_properties.partition, last_enqueued_offset: String(events.length - 1),
            last_enqueued_sequence_number: types.wrap_long(events.length - 1),
            last_enqueued_time_utc: types.wrap_timestamp(Date.now()) });
    }
    reply(context, "$management", { "status-code": types.wrap_int(200), "status-description": "OK" }, properties);
}

function choose(address, key) {
    const named = partitionOf(address);
    if (named >= 0) return named;
    if (key !== undefined) return createHash("sha1").update(key).digest().readUInt32BE() % partitions.length;
    return turn++ % partitions.length;
}

const bytesOf = (body) => (body?.typecode === 0x75 ? body.content : Buffer.from(body ?? ""));

// Stores an event, or each event of a batch: its data sections hold encoded messages.
function store(context) {
    const { delivery, receiver } = context;
    const isBatch = delivery.format === BATCH_FORMAT;
    // What is not a plain message comes as bytes.
    const message = isBatch ? rhea.message.decode(context.message) : context.message;
    const sections = isBatch && message.body.multiple ? message.body.content : [message.body?.content];
    const events = isBatch ? sections.map((section) => rhea.message.decode(section)) : [message];
    const key = message.message_annotations?.["x-opt-partition-key"];
    const partition = choose(path(receiver.target.address), key);
    for (const event of events) {
        const stored = partitions[partition];
        stored.push({ body: bytesOf(event.body), properties: event.application_properties, key, enqueued: Date.now() });
    }
    const bytes = events.reduce((sum, event) => sum + bytesOf(event.body).length, 0);
    seen.transfers.push({ format: delivery.format, events: events.length, bytes, partition, key: key ?? null });
    delivery.accept();
    readers.forEach(feed);
}

// Gives a reader what it has not had yet, as far as it has credit.
function feed(reader) {
    while (reader.link.sendable() && reader.next < partitions[reader.partition].length) {
        const event = partitions[reader.partition][reader.next];
        const annotations = { "x-opt-sequence-number": types.wrap_long(reader.next), "x-opt-offset": String(reader.next),
            "x-opt-enqueued-time": types.wrap_timestamp(event.enqueued) };
        if (event.key !== undefined) annotations["x-opt-partition-key"] = event.key;
        reader.link.send({ body: rhea.message.data_section(event.body), message_annotations: annotations,
            application_properties: event.properties });
        reader.next += 1;
    }
}

// True when the connection may use this address; closes the link otherwise.
function admits(context, link, address) {
    if (address === "$cbs") return true;
    const isKnown = address === "$management" || partitionOf(address) !== undefined;
    const hub = address === "$management" ? settings.hub : address.split("/")[0];
    if (!context.connection.claims?.has(hub)) {
        seen.refused.push(address);
        link.close({ condition: "amqp:unauthorized-access", description: `no valid token for ${address}` });
        return false;
    }
    if (!isKnown) link.close({ condition: "amqp:not-found", description: `there is no ${address}` });
    return isKnown;
}

const container = rhea.create_container({ id: "event-hub" });
container.sasl_server_mechanisms.enable_anonymous();

container.on("receiver_open", (context) => {
    const { receiver } = context;
    receiver.set_target({ address: receiver.remote.attach.target?.address });
    receiver.set_source({ address: receiver.remote.attach.source?.address });
    if (admits(context, receiver, path(receiver.target.address))) receiver.add_credit(1000);
});

container.on("sender_open", (context) => {
    const { sender } = context;
    const { source, target } = sender.remote.attach;
    sender.set_source({ address: source.address, filter: source.filter });
    sender.set_target({ address: target?.address });
    const address = path(source.address);
    if (!admits(context, sender, address)) return;
    if (address.startsWith("$")) {
        (context.connection.replies ??= {})[address] = sender;
        return;
    }
    const filter = JSON.stringify(source.filter ?? {});
    const reader = { link: sender, partition: partitionOf(address), next: 0 };
    const after = /x-opt-offset >(=?) '(-?\d+|@latest)'/.exec(filter);
    if (after) reader.next = after[2] === "@latest" ? partitions[reader.partition].length : Number(after[2]) + (after[1] ? 0 : 1);
    sender.reader = reader;
    readers.add(reader);
});
container.on("sendable", ({ sender }) => sender.reader && feed(sender.reader));
container.on("sender_close", ({ sender }) => readers.delete(sender.reader));
container.on("message", (context) => {
    const address = path(context.receiver.target.address);
    context.receiver.add_credit(1);
    if (address === "$cbs") putToken(context);
    else if (address === "$management") manage(context);
    else return store(context);
    context.delivery.accept();
});
for (const event of ["connection_error", "session_error", "receiver_error", "sender_error", "protocol_error", "disconnected"]) {
    container.on(event, ({ connection }) => readers.forEach((reader) => reader.link.connection === connection && readers.delete(reader)));
}

const secured = settings.certificate
    ? { transport: "tls", cert: readFileSync(settings.certificate), key: readFileSync(settings.certificateKey) } : {};
const server = container.listen({ ...secured, port: settings.port, host: "127.0.0.1", max_frame_size: 65536, channel_max: 5000, idle_time_out: 60000,
    handle_max: 255, receiver_options: { autoaccept: false, credit_window: 0, max_message_size: settings.maximumMessageBytes },
    properties: { product: "event-hub" } });
server.on("listening", () => {
    const control = http.createServer((_, response) => {
        const events = partitions.map((events) => events.map(({ body, key, properties }) =>
            ({ bytes: body.length, text: body.toString("utf8", 0, 200), key: key ?? null, properties: properties ?? {} })));
        response.end(JSON.stringify({ ...seen, events }));
    });
    control.listen(0, "127.0.0.1", () => {
        console.log(JSON.stringify({ port: server.address().port, control: control.address().port }));
    });
});
