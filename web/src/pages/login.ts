import * as api from "../api";
import { fill, h } from "../dom";
import { errorBox, Page } from "../parts";

export function loginPage(done: () => void): Page {
  const trouble = h("div");
  const user = h("input", { id: "user", name: "user", autocomplete: "username", required: true, spellcheck: "false", autocapitalize: "none" });
  const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
  const button = h("button", { class: "primary wide", type: "submit" }, "Log in");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    button.disabled = true;
    try {
      api.setSession(await api.post<api.Session>("login", { user: user.value, password: password.value }));
      api.follow();
      done();
    } catch (error) {
      fill(trouble, errorBox(error));
      password.select();
    } finally {
      button.disabled = false;
    }
  };
  const form = h("form", { class: "card login", onsubmit: submit },
    h("img", { src: "/favicon.svg", alt: "", width: 44, height: 44 }), h("h1", null, "StreamOps"),
    h("p", { class: "quiet" }, "One pipeline, one screen."),
    h("label", { for: "user" }, "User", user), h("label", { for: "password" }, "Password", password), trouble, button,
    h("p", { class: "quiet small" }, "On a new data directory: ", h("code", null, "admin"), " with the password ", h("code", null, "admin"), "."));
  return { title: "Log in", body: h("main", { class: "login-page", id: "main" }, form) };
}
