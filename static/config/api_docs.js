// Swagger UI from our own files, acting with the reader's session.
const holder = document.getElementById("api-docs");

window.SwaggerUIBundle({
  url: holder.dataset.schema,
  domNode: holder,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
  requestInterceptor(request) {
    if (request.method && request.method !== "GET") request.headers["X-CSRFToken"] = holder.dataset.csrf;
    return request;
  },
});
