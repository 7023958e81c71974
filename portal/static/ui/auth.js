/* 登录与改密码页：显示密码；出错时焦点到第一个错误字段。 */
(function () {
  "use strict";
  document.addEventListener("click", (event) => {
    const eye = event.target.closest("[data-show-password]");
    if (!eye) { return; }
    const field = document.getElementById(eye.dataset.showPassword);
    field.type = field.type === "password" ? "text" : "password";
    eye.setAttribute("aria-pressed", String(field.type === "text"));
  });
  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) { wrong.focus(); }
}());
