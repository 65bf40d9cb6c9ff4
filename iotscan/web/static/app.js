// Shows the devices of a running scan as they appear. All text goes in as text, never as markup:
// it comes from devices. Without scripts the pages work too, they only do not renew themselves.
"use strict";

const live = document.getElementById("live");

if (live) {
  const list = document.getElementById("hosts");
  const stage = document.getElementById("live-stage");
  const count = document.getElementById("live-count");
  const known = new Map();
  for (const item of list.children) known.set(item.dataset.address, item);

  const added = (address) => {
    const item = document.createElement("li");
    item.className = "card host";
    item.append(document.createElement("strong"), document.createElement("span"));
    item.firstChild.textContent = address;
    item.lastChild.className = "soft";
    list.append(item);
    known.set(address, item);
    return item;
  };

  const source = new EventSource(live.dataset.events);
  source.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    stage.textContent = state.stage;
    for (const host of state.hosts) {
      const item = known.get(host.address) || added(host.address);
      item.lastChild.textContent = host.services.join(", ") || (host.done ? "nothing open" : "looking");
      item.classList.toggle("done", host.done);
    }
    count.textContent = `${known.size} ${known.size === 1 ? "device" : "devices"} so far`;
  });
  source.addEventListener("end", (event) => {
    source.close();
    window.location.assign(JSON.parse(event.data).page);
  });
}
