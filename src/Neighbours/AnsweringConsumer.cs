using MassTransit;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Neighbours;

/// <summary>Lets a neighbour answer as its <see cref="Conduct"/> says, and publishes the answer.</summary>
internal sealed class AnsweringConsumer<TRequest>(INeighbour<TRequest> neighbour, TimeProvider time, ILogger<AnsweringConsumer<TRequest>> log)
    : IConsumer<TRequest>
    where TRequest : class
{
    public async Task Consume(ConsumeContext<TRequest> context)
    {
        var request = context.Message;
        if (neighbour.Conduct.Fault == Fault.Slow)
            await Task.Delay(neighbour.Conduct.Delay, time, context.CancellationToken);

        var answer = neighbour.Conduct.Fault switch
        {
            Fault.Silent => null,
            Fault.Wrong => neighbour.WrongAnswer(request, time.GetUtcNow()),
            Fault.None or Fault.Slow => neighbour.Answer(request, time.GetUtcNow()),
        };
        if (answer is null)
        {
            log.Unanswered(typeof(TRequest).Name, neighbour.ContractOf(request), neighbour.Conduct.Fault == Fault.Silent ? "told to be silent" : neighbour.Why(request));
            return;
        }
        await context.Publish(answer, answer.GetType());
        log.Answered(typeof(TRequest).Name, neighbour.ContractOf(request), answer.GetType().Name, neighbour.Conduct.Fault);
    }
}
