// What npm's fhir-kit-client hears from a running site, by what it asked, as one JSON (test_fhir_clients.py).
// Its input: {"base", "token", "person", "document", "another", "directory"}, the documents DocumentReferences to file.

import { readFileSync } from "node:fs";
import { Client } from "fhir-kit-client";

const { base, token, person, document, another, directory } = JSON.parse(readFileSync(0, "utf8"));
const client = new Client({ baseUrl: base });

const refused = async (asked) => {
  try {
    await asked;
    return null;
  } catch (error) {
    return { status: error.response.status, outcome: error.response.data };
  }
};
const entry = (method, url, resource) => ({ ...(resource && { resource }), request: { method, url } });
const bundle = (type, ...entries) => ({
  body: { resourceType: "Bundle", type, entry: entries },
});

const strict = { headers: { prefer: "handling=strict" } };

const heard = {};
heard.endpoints = await client.smartAuthMetadata();
heard.capability = await client.capabilityStatement();
heard.without = await refused(client.read({ resourceType: "Patient", id: person }));

client.bearerToken = token;
heard.wrong = await refused(
  client.search({ resourceType: "Practitioner", searchParams: { colour: "red" }, options: strict }),
);
heard.found = await client.search({ resourceType: "Practitioner", searchParams: { _count: "2" } });
heard.next = await client.nextPage({ bundle: heard.found });
heard.previous = await client.prevPage({ bundle: heard.next });
heard.posted = await client.search({
  resourceType: "Patient",
  searchParams: { _id: person },
  options: { postSearch: true },
});

heard.created = await client.create({ resourceType: "DocumentReference", body: document });
const id = heard.created.id;
heard.location = Client.httpFor(heard.created).response.headers.get("location");
heard.read = await client.read({ resourceType: "DocumentReference", id });
heard.vread = await client.vread({ resourceType: "DocumentReference", id, version: heard.read.meta.versionId });
heard.history = await client.history({ resourceType: "DocumentReference", id });
heard.resolved = await client.resolve({ reference: heard.read.subject.reference });

const ward = {
  resourceType: "Organization",
  identifier: [{ system: directory, value: "kit" }],
  type: [{ coding: [{ code: "practice" }] }],
  name: "Ward",
};
heard.ward = await client.create({ resourceType: "Organization", body: ward });
const known = { resourceType: "Organization", id: heard.ward.id };
heard.changedWard = await client.update({ ...known, body: { ...ward, id: known.id, name: "Wards" } });
heard.wards = await client.history(known);
heard.followed = await client.request(`Organization/_history?_since=${heard.ward.meta.lastUpdated.replace("+", "%2B")}`);
heard.asOf = await client.operation({
  ...known,
  name: "as-of",
  method: "get",
  input: { day: heard.changedWard.meta.lastUpdated.slice(0, 10) },
});

const demographics = { resourceType: "Patient", name: heard.resolved.name, birthDate: heard.resolved.birthDate };
heard.matched = await client.operation({
  name: "match",
  resourceType: "Patient",
  input: {
    resourceType: "Parameters",
    parameter: [
      { name: "resource", resource: { ...demographics, gender: heard.resolved.gender, address: heard.resolved.address } },
      { name: "count", valueInteger: 3 },
    ],
  },
});
const [{ system, value }] = heard.resolved.identifier;
heard.crossReferenced = await client.operation({
  name: "ihe-pix",
  resourceType: "Patient",
  method: "get",
  input: { sourceIdentifier: `${system}|${value}` },
});
heard.unknown = await refused(
  client.operation({
    name: "ihe-pix",
    resourceType: "Patient",
    method: "get",
    input: { sourceIdentifier: `${system}|0` },
  }),
);

heard.batch = await client.batch(
  bundle("batch", entry("GET", `Patient/${person}`), entry("GET", "Patient/999999999"), entry("GET", "Practitioner?_count=1")),
);
heard.transaction = await client.transaction(
  bundle("transaction", entry("POST", "DocumentReference", another), entry("GET", `DocumentReference/${id}`)),
);
console.log(JSON.stringify(heard));
