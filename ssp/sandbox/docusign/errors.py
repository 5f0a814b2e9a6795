"""Errors in DocuSign's own shapes."""

from django.http import HttpRequest, HttpResponse, JsonResponse


class ApiError(Exception):
    """An error of the REST API: `{"errorCode": …, "message": …}`."""

    def __init__(self, status: int, error_code: str, message: str, *, retry_after: int | None = None) -> None:
        self.status = status
        self.error_code = error_code
        self.message = message
        self.retry_after = retry_after
        super().__init__(error_code)

    def response(self) -> HttpResponse:
        answer = JsonResponse({"errorCode": self.error_code, "message": self.message}, status=self.status)
        if self.retry_after is not None:
            answer["Retry-After"] = str(self.retry_after)
        return answer


class OAuthError(Exception):
    """An error of the account server: `{"error": …}`, another shape than the API's."""

    def __init__(self, error: str, description: str = "", *, status: int = 400) -> None:
        self.error = error
        self.description = description
        self.status = status
        super().__init__(error)

    def response(self) -> HttpResponse:
        body = {"error": self.error}
        if self.description:
            body["error_description"] = self.description
        return JsonResponse(body, status=self.status)


class ErrorsAsDocuSignSaysThem:
    """Middleware: turns the exceptions above into answers."""

    def __init__(self, get_response):  # type: ignore[no-untyped-def]
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = self.get_response(request)
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return exception.response() if isinstance(exception, ApiError | OAuthError) else None


def invalid(message: str) -> ApiError:
    return ApiError(400, "INVALID_REQUEST_PARAMETER", message)
