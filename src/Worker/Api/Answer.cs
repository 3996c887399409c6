using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Worker;

/// <summary>Answers in the project's JSON.</summary>
internal static class Answer
{
    public static IResult Json<T>(T body, int status = 200) => TypedResults.Json(body, WireJson.Options, statusCode: status);
}
