// Takes in what the server says every other second, in one go, so that nothing jumps; says when it no longer does.
"use strict";
const EVERY = 2000;
const board = document.getElementById("board");
const fresh = document.getElementById("fresh");
let since = new Date();

function time(moment) {
  const utc = moment.toISOString().slice(11, 19);
  const local = moment.toTimeString().slice(0, 8);
  return utc === local ? `${utc} UTC` : `${utc} UTC, ${local} where you are`;
}

async function look() {
  try {
    const answer = await fetch(board.dataset.from, { cache: "no-store", redirect: "error" });
    if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
    const next = document.createElement("div");
    next.innerHTML = await answer.text();
    await Promise.all([...next.querySelectorAll("img")].map((img) => img.decode().catch(() => undefined)));
    board.replaceChildren(...next.childNodes);
    since = new Date();
    fresh.textContent = `· as of ${time(since)}`;
  } catch (error) {
    fresh.textContent = `· NOT REFRESHED since ${time(since)}: ${error.message}`;
  }
  setTimeout(look, EVERY);
}

fresh.textContent = `· as of ${time(since)}`;
setTimeout(look, EVERY);
