// Asks the site's own search, which is a worker for browsers: node search.js SITE QUERY...
// Prints an object: for each query the places that are found, best first.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [site, ...queries] = process.argv.slice(2);
const folder = path.join(site, "assets", "javascripts", "workers");
const name = fs.readdirSync(folder).find((each) => /^search\..*\.js$/.test(each));
const index = JSON.parse(fs.readFileSync(path.join(site, "search.json"), "utf8"));
const waiting = [];
const self = { postMessage: (message) => waiting.shift()(message) };
vm.runInNewContext(fs.readFileSync(path.join(folder, name), "utf8"), { self, Intl });

// As the page's script asks: 0 gives it the index, 1 says that it is ready, 2 asks, 3 answers.
const ask = (type, data, wanted) =>
  new Promise((answered, failed) => {
    waiting.push((message) =>
      message.type === wanted ? answered(message.data) : failed(Error(`message ${message.type}`)),
    );
    self.onmessage({ data: { type, data } });
  });

(async () => {
  await ask(0, index, 1);
  const found = {};
  for (const query of queries) {
    const filter = {
      input: { type: "operator", data: { operator: "and", operands: [] } },
      aggregation: { input: [{ type: "term", data: { field: "tags" } }] },
    };
    const answer = await ask(2, { input: query, filter }, 3);
    found[query] = answer.items.map((item) => index.items[item.id].location);
  }
  console.log(JSON.stringify(found));
})();
