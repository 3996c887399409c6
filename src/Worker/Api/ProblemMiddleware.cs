using ExecutionManager.Durability;

namespace ExecutionManager.Worker;

/// <summary>Every refusal has a problem for a body, also what routing refused; what only a bug does is logged and told without a trace.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, IDurableDatabase database, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await Told(fault, http.Request).ExecuteAsync(http);
            return;
        }

        var response = http.Response;
        if (response is { StatusCode: >= 400, HasStarted: false, ContentType: null } && response.ContentLength is null or 0)
        {
            await Problem.OfStatus(response.StatusCode, http.Request.Path).ExecuteAsync(http);
        }
    }

    private Problem Told(Exception fault, HttpRequest request)
    {
        if (fault is BadHttpRequestException refused)
        {
            return Problem.OfStatus(refused.StatusCode, request.Path);
        }

        var unavailable = database.IsUnavailable(fault);
        RequestFailed(log, request.Method, request.Path, unavailable ? null : fault, fault.Why());
        return unavailable ? Problem.Unavailable() : Problem.OfStatus(500, request.Path);
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Error, Message = "{Method} {Path} failed: {Reason}")]
    private static partial void RequestFailed(ILogger logger, string method, string path, Exception? fault, string reason);
}
