using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.Neighbours.Tests;

/// <summary>A clock that stands still and tells when somebody waits for it.</summary>
internal sealed class ObservedTime() : FakeTimeProvider(Requests.Now)
{
    private readonly TaskCompletionSource _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Awaited => _awaited.Task;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _awaited.TrySetResult();
        return timer;
    }
}
